/**
 * What the server answers: metrics, probes, the page of the node and its twin in JSON.
 *
 * Bounded in answers under way and in the time each may take. Knows nothing of how a scrape is made. No answer
 * but the page's form holds anything of a request, none of a failure says what failed.
 */
import { type RequestListener, STATUS_CODES } from 'node:http';
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from 'express';
import type { Snapshot } from '../core/snapshot.ts';
import type { Scrape } from '../metrics/scrape.ts';
import { CONTENT_TYPES } from '../metrics/text.ts';
import type { Guard } from './auth/guard.ts';
import { landingPage } from './landing-page.ts';
import { bounded, guardedBy, HEADERS, onlyReading, type Sleep, withHeaders, within } from './middleware.ts';
import { negotiateFormat } from './negotiate.ts';
import { applyFilter, type Filter, parseFilter } from './page/filter.ts';
import { tokenReport } from './page/json-report.ts';
import { statusPage } from './page/status-page.ts';
import { pagePolicy } from './page/style.ts';
import { plain } from './plain.ts';

export interface ProbeOptions {
  /** Whether the first pass has ended. */
  readonly isReady: () => boolean;
  /** A request failed through a bug. */
  readonly onError: (error: unknown) => void;
  readonly sleep: Sleep;
}

export interface RouteOptions extends ProbeOptions {
  readonly telemetryPath: string;
  /** Scrapes answered at the same time; more are told to come back. */
  readonly maxRequests: number;
  readonly node: string;
  readonly version: string;
  /** Where runbooks are published. */
  readonly runbooks: string;
  readonly scrape: Scrape;
  readonly takeSnapshot: () => Snapshot;
  /** Whether the page and its twin are there. */
  readonly isPageShown: boolean;
  /** Before every answer, the probes' as well. */
  readonly guard: Guard;
  /** Set on every answer of a route, in place of those that are set for all; a page's own policy goes before. */
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

/** Persons ask, one at a time; their answers are as large as a scrape's and are not shared. */
const MAX_PAGES = 8;

/** Answers the part of a snapshot that the query asks for. */
function filtered(answer: (filter: Filter, response: Response) => void): RequestHandler {
  return (request, response) => {
    const [, query = ''] = /\?(.*)/.exec(request.url) ?? [];
    const parsed = parseFilter(query);
    if (parsed.ok) answer(parsed.value, response);
    else plain(response, 400, parsed.error);
  };
}

function addPages(app: Express, options: RouteOptions): void {
  const { takeSnapshot, maxRequests, runbooks } = options;
  const limit = bounded(Math.min(maxRequests, MAX_PAGES));
  const page = filtered((filter, response) => {
    response.set('Content-Security-Policy', pagePolicy());
    response.type('text/html').send(statusPage({ ...options, filter, snapshot: takeSnapshot() }));
  });
  const twin = filtered((filter, response) => {
    response.type('application/json').send(tokenReport(applyFilter(takeSnapshot(), filter), runbooks));
  });
  app.get('/', limit(page));
  app.get('/api/v1/tokens', limit(twin));
}

/** Express throws at no request it is given here, so that whatever is thrown is a bug. */
function answerErrors(onError: (error: unknown) => void): ErrorRequestHandler {
  return (error, _request, response, _next) => {
    onError(error);
    if (response.headersSent) response.destroy();
    else plain(response, 500);
  };
}

function bareExpress(): Express {
  return express()
    .disable('x-powered-by')
    .disable('etag')
    .set('query parser', false)
    .set('case sensitive routing', true);
}

function addProbes(app: Express, isReady: () => boolean): void {
  app.get(['/healthz', '/-/healthy'], (_request, response) => plain(response, 200, 'ok'));
  app.get(['/readyz', '/-/ready'], (_request, response) => {
    if (isReady()) plain(response, 200, 'ok');
    else plain(response, 503, 'the first pass has not ended');
  });
}

/** What answers where no route does, or one throws; Express itself never, as it would to a target without a path. */
function end(app: Express, onError: (error: unknown) => void): RequestListener {
  app.use((_request, response) => plain(response, 404));
  app.use(answerErrors(onError));
  return (request, response) => {
    app(request as Request, response as Response, () => {
      response.writeHead(400, { ...HEADERS, 'Content-Type': 'text/plain; charset=utf-8' });
      response.end(`${STATUS_CODES[400]}\n`);
    });
  };
}

export function createRoutes(options: RouteOptions, answerMs: number): RequestListener {
  const { sleep, headers, guard } = options;
  const app = bareExpress();
  app.use(within(answerMs, sleep), withHeaders(headers), guardedBy(guard), onlyReading);
  app.get(options.telemetryPath, bounded(options.maxRequests)(metrics(options.scrape)));
  addProbes(app, options.isReady);
  if (options.isPageShown) addPages(app, options);
  else app.get('/', (_request, response) => response.type('text/html').send(landingPage(options)));
  return end(app, options.onError);
}

/** The probes alone, before which nobody stands guard. */
export function createProbeRoutes(
  { sleep, isReady, onError }: ProbeOptions,
  answerMs: number,
): RequestListener {
  const app = bareExpress();
  app.use(within(answerMs, sleep), withHeaders(noHeaders), onlyReading);
  addProbes(app, isReady);
  return end(app, onError);
}
