/**
 * The routes of the server: metrics, probes, the status page and its JSON report.
 *
 * Limited in the time of each response, and in what all of them hold in memory. Only the filter form of the status page repeats anything of
 * a request, and no response says why a handler failed.
 */
import type { RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Scrape } from '../metrics/scrape.ts';
import { CONTENT_TYPES } from '../metrics/text.ts';
import type { Clock } from '../util/clock.ts';
import type { Guard } from './auth/guard.ts';
import { createRenderQueue, type RenderQueue } from './delivery/render-queue.ts';
import { createResponseSlots } from './delivery/response-slots.ts';
import type { SendLimit } from './delivery/send-limit.ts';
import { createSharedBodies, type SharedBodies } from './delivery/shared-bodies.ts';
import {
  codingHeaders,
  codingOf,
  createApp,
  type Express,
  type RequestHandler,
  sendText,
  toListener,
} from './express.ts';
import { createHostNames } from './host-names.ts';
import {
  allowGetAndHead,
  checkHost,
  DEFAULT_HEADERS,
  limitResponseTime,
  requireAuth,
  setHeaders,
} from './middleware.ts';
import { negotiateFormat } from './negotiate.ts';
import { html } from './page/html.ts';
import { addPages, type PageOptions } from './pages.ts';

export interface ProbeOptions {
  /** Whether the initial scan is complete. */
  readonly isReady: () => boolean;
  /** A handler threw: a bug. */
  readonly onError: (error: unknown) => void;
  readonly sleep: Clock['sleep'];
  readonly now: Clock['now'];
  /** Called for each client that is disconnected because it reads too slowly. */
  readonly onSlowClient: () => void;
}

export interface RouteOptions extends ProbeOptions, PageOptions {
  /** Concurrent scrapes; beyond it, the slowest client is disconnected. */
  readonly maxRequests: number;
  /** Host names of requests over the loopback interface, besides those of this machine and of a cluster. */
  readonly allowedHosts: readonly string[] | undefined;
  readonly scrape: Scrape;
  /** Whether to serve the status page and its JSON report. */
  readonly isPageEnabled: boolean;
  /** Checks every request, those of probes included. */
  readonly guard: Guard;
  /** Set on every response; overrides the default headers. */
  readonly headers: () => ReadonlyMap<string, string>;
}

const noHeaders = (): ReadonlyMap<string, string> => new Map();

/** What limits the responses of a server. */
export interface Delivery {
  readonly responseMs: number;
  /** Of all metrics in flight, and of all pages in flight. */
  readonly maxBytes: number;
  readonly reserve: SendLimit['reserve'];
  /** Ends a connection at once. */
  readonly reset: (socket: Socket) => void;
}

/** Ends the connection of a slow client. */
function disconnecting({ onSlowClient }: ProbeOptions, { reset }: Delivery) {
  return ({ req: { socket } }: ServerResponse): void => {
    onSlowClient();
    reset(socket);
  };
}

function createBodies(options: RouteOptions, delivery: Delivery): SharedBodies {
  const cut = disconnecting(options, delivery);
  return createSharedBodies({ ...options, ...delivery, cut });
}

function metrics(options: RouteOptions, delivery: Delivery, queue: RenderQueue): RequestHandler {
  const { scrape, maxRequests } = options;
  const slots = createResponseSlots(maxRequests, disconnecting(options, delivery));
  const bodies = createBodies(options, delivery);
  return async (request, response) => {
    const format = negotiateFormat(request.headers.accept);
    const coding = codingOf(request);
    slots.enter(response);
    await bodies.send(response, {
      key: `${format} ${coding}`,
      headers: {
        'Content-Type': CONTENT_TYPES[format],
        ...codingHeaders(coding, 'Accept, Accept-Encoding'),
      },
      make: () => queue.goFirst(() => scrape(format, coding)),
    });
  };
}

function addProbes(app: Express, isReady: () => boolean): void {
  app.get(['/healthz', '/-/healthy'], (_request, response) => sendText(response, 200, 'ok'));
  app.get(['/readyz', '/-/ready'], (_request, response) => {
    if (isReady()) sendText(response, 200, 'ok');
    else sendText(response, 503, 'initial scan not complete');
  });
}

/** The page at `/` if the status page is disabled. */
export function landingPage({
  telemetryPath,
  node,
  version,
}: Pick<RouteOptions, 'telemetryPath' | 'node' | 'version'>): string {
  return html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>ServiceAccount token exporter</title></head>
<body>
<h1>ServiceAccount token exporter</h1>
<p>Node ${node}, version ${version}</p>
<ul>
<li><a href="${telemetryPath.slice(1)}">Metrics</a></li>
<li><a href="healthz">Healthy</a></li>
<li><a href="readyz">Ready</a></li>
</ul>
</body>
</html>
`.markup;
}

export function createRoutes(options: RouteOptions, delivery: Delivery): RequestListener {
  const { sleep, headers, guard, node, allowedHosts = [], onRejection } = options;
  const hosts = createHostNames([node.toLowerCase(), ...allowedHosts]);
  const app = createApp();
  const queue = createRenderQueue();
  const limitTime = limitResponseTime(delivery.responseMs, sleep, disconnecting(options, delivery));
  app.use(limitTime, setHeaders(headers), checkHost(hosts, onRejection), requireAuth(guard), allowGetAndHead);
  app.get(options.telemetryPath, metrics(options, delivery, queue));
  addProbes(app, options.isReady);
  if (options.isPageEnabled) addPages(app, options, createBodies(options, delivery), queue);
  else app.get('/', (_request, response) => response.type('text/html').send(landingPage(options)));
  return toListener(app, DEFAULT_HEADERS, options.onError);
}

/** The probes alone, without authentication. */
export function createProbeRoutes(options: ProbeOptions, delivery: Delivery): RequestListener {
  const { sleep, isReady, onError } = options;
  const app = createApp();
  const limitTime = limitResponseTime(delivery.responseMs, sleep, disconnecting(options, delivery));
  app.use(limitTime, setHeaders(noHeaders), allowGetAndHead);
  addProbes(app, isReady);
  return toListener(app, DEFAULT_HEADERS, onError);
}
