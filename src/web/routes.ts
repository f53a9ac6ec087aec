/**
 * The routes of the server: metrics, probes, the status page and its JSON report.
 *
 * Limited in concurrent responses and in the time of each. Only the filter form of the status page repeats anything of
 * a request, and no response says why a handler failed.
 */
import type { RequestListener } from 'node:http';
import type { Snapshot } from '../core/snapshot.ts';
import type { Scrape } from '../metrics/scrape.ts';
import { CONTENT_TYPES } from '../metrics/text.ts';
import type { MonotonicClock } from '../util/clock.ts';
import type { Guard } from './auth/guard.ts';
import {
  createApp,
  type Express,
  type RequestHandler,
  type Response,
  sendText,
  toListener,
} from './express.ts';
import {
  allowGetAndHead,
  DEFAULT_HEADERS,
  limitRequests,
  limitResponseTime,
  requireAuth,
  setHeaders,
} from './middleware.ts';
import { negotiateFormat } from './negotiate.ts';
import { applyFilter, type Filter, parseFilter } from './page/filter.ts';
import { html } from './page/html.ts';
import { tokenReport } from './page/json-report.ts';
import { statusPage } from './page/status-page.ts';
import { pagePolicy } from './page/style.ts';

export interface ProbeOptions {
  /** Whether the initial scan is complete. */
  readonly isReady: () => boolean;
  /** A handler threw: a bug. */
  readonly onError: (error: unknown) => void;
  readonly sleep: MonotonicClock['sleep'];
}

export interface RouteOptions extends ProbeOptions {
  readonly telemetryPath: string;
  /** Concurrent scrapes; more get 503. */
  readonly maxRequests: number;
  readonly node: string;
  readonly version: string;
  /** Base URL of the runbooks. */
  readonly runbooks: string;
  readonly scrape: Scrape;
  readonly takeSnapshot: () => Snapshot;
  /** Whether to serve the status page and its JSON report. */
  readonly isPageEnabled: boolean;
  /** Checks every request, those of probes included. */
  readonly guard: Guard;
  /** Set on every response; overrides the default headers. */
  readonly headers: () => ReadonlyMap<string, string>;
}

const noHeaders = (): ReadonlyMap<string, string> => new Map();

function metrics(scrape: Scrape): RequestHandler {
  return async (request, response) => {
    const format = negotiateFormat(request.headers.accept);
    const coding = request.acceptsEncodings('gzip', 'identity') === 'gzip' ? 'gzip' : 'identity';
    const { bytes, release } = await scrape(format, coding);
    if (response.destroyed) return release();
    response.once('close', release);
    response.set({
      'Content-Type': CONTENT_TYPES[format],
      'Content-Length': String(bytes.length),
      Vary: 'Accept, Accept-Encoding',
    });
    if (coding === 'gzip') response.set('Content-Encoding', 'gzip');
    response.end(bytes);
  };
}

function addProbes(app: Express, isReady: () => boolean): void {
  app.get(['/healthz', '/-/healthy'], (_request, response) => sendText(response, 200, 'ok'));
  app.get(['/readyz', '/-/ready'], (_request, response) => {
    if (isReady()) sendText(response, 200, 'ok');
    else sendText(response, 503, 'initial scan not complete');
  });
}

/** People view pages, one at a time. A page is as large as a scrape, and concurrent requests do not share it. */
const MAX_PAGES = 8;

/** Calls `respond` with the filter of the query, or responds with 400 if that is invalid. */
function filtered(respond: (filter: Filter, response: Response) => void): RequestHandler {
  return (request, response) => {
    const [, query = ''] = /\?(.*)/.exec(request.url) ?? [];
    const filter = parseFilter(query);
    if (filter.ok) respond(filter.value, response);
    else sendText(response, 400, filter.error);
  };
}

function addPages(app: Express, options: RouteOptions): void {
  const { takeSnapshot, maxRequests, runbooks } = options;
  const limit = limitRequests(Math.min(maxRequests, MAX_PAGES));
  const page = filtered((filter, response) => {
    response.set('Content-Security-Policy', pagePolicy());
    response.type('text/html').send(statusPage({ ...options, filter, snapshot: takeSnapshot() }));
  });
  const report = filtered((filter, response) => {
    response.type('application/json').send(tokenReport(applyFilter(takeSnapshot(), filter), runbooks));
  });
  app.get('/', limit(page));
  app.get('/tokens', limit(report));
}

/** The page at `/` if the status page is disabled. */
export function landingPage({
  telemetryPath,
  node,
  version,
}: Pick<RouteOptions, 'telemetryPath' | 'node' | 'version'>): string {
  return html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>ServiceAccount token exporter</title></head>
<body>
<h1>ServiceAccount token exporter</h1>
<p>Node ${node}, version ${version}</p>
<ul>
<li><a href="${telemetryPath}">Metrics</a></li>
<li><a href="/healthz">Healthy</a></li>
<li><a href="/readyz">Ready</a></li>
</ul>
</body>
</html>
`.markup;
}

export function createRoutes(options: RouteOptions, responseMs: number): RequestListener {
  const { sleep, headers, guard } = options;
  const app = createApp();
  app.use(limitResponseTime(responseMs, sleep), setHeaders(headers), requireAuth(guard), allowGetAndHead);
  app.get(options.telemetryPath, limitRequests(options.maxRequests)(metrics(options.scrape)));
  addProbes(app, options.isReady);
  if (options.isPageEnabled) addPages(app, options);
  else app.get('/', (_request, response) => response.type('text/html').send(landingPage(options)));
  return toListener(app, DEFAULT_HEADERS, options.onError);
}

/** The probes alone, without authentication. */
export function createProbeRoutes(
  { sleep, isReady, onError }: ProbeOptions,
  responseMs: number,
): RequestListener {
  const app = createApp();
  app.use(limitResponseTime(responseMs, sleep), setHeaders(noHeaders), allowGetAndHead);
  addProbes(app, isReady);
  return toListener(app, DEFAULT_HEADERS, onError);
}
