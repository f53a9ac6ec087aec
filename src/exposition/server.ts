/**
 * The HTTP server: metrics, probes and a landing page.
 *
 * Bounded in time, header size and requests under way. Knows nothing of how a scrape is made. No answer holds
 * anything of a request.
 */
import { createServer as createHttpServer, type Server } from 'node:http';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from 'express';
import { landingPage } from './landing-page.ts';
import { negotiateFormat } from './negotiate.ts';
import type { Scrape } from './scrape.ts';
import { CONTENT_TYPES } from './text.ts';

export interface ServerOptions {
  readonly telemetryPath: string;
  /** Scrapes answered at the same time; more are told to come back. */
  readonly maxRequests: number;
  readonly node: string;
  readonly version: string;
  readonly scrape: Scrape;
  /** Whether the first pass has ended. */
  readonly isReady: () => boolean;
  /** A request failed through a bug. */
  readonly onError: (error: unknown) => void;
}

const compress = promisify(gzip);
/** Metrics shrink twentyfold at the fastest level already. */
const GZIP = { level: constants.Z_BEST_SPEED };
const MAX_CONNECTIONS = 512;
const TIMEOUTS = {
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 1_000,
};
/** A client that takes longer to read its answer is no scraper. */
const SOCKET_TIMEOUT_MS = 60_000;

function plain(response: Response, status: number, text: string): void {
  response.status(status).type('text/plain').send(`${text}\n`);
}

function onlyReading(request: Request, response: Response, next: () => void): void {
  if (request.method === 'GET' || request.method === 'HEAD') {
    next();
    return;
  }
  response.set('Allow', 'GET, HEAD');
  plain(response, 405, 'Method Not Allowed');
}

function bounded(maxRequests: number, handler: RequestHandler): RequestHandler {
  let underway = 0;
  return async (request, response, next) => {
    if (underway >= maxRequests) {
      response.set('Retry-After', '1');
      return plain(response, 503, 'Too many requests under way');
    }
    underway += 1;
    response.once('close', () => {
      underway -= 1;
    });
    return handler(request, response, next);
  };
}

function metrics(scrape: Scrape): RequestHandler {
  return async (request, response) => {
    const format = negotiateFormat(request.headers.accept);
    const body = await scrape(format);
    response.set({
      'Content-Type': CONTENT_TYPES[format],
      Vary: 'Accept, Accept-Encoding',
      'Cache-Control': 'no-store',
    });
    if (request.acceptsEncodings('gzip') !== 'gzip') return void response.end(body);
    response.set('Content-Encoding', 'gzip');
    response.end(await compress(body, GZIP));
  };
}

function createApp(options: ServerOptions): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', false).set('case sensitive routing', true);
  app.use(onlyReading);
  app.get(options.telemetryPath, bounded(options.maxRequests, metrics(options.scrape)));
  app.get(['/healthz', '/-/healthy'], (_request, response) => plain(response, 200, 'ok'));
  app.get(['/readyz', '/-/ready'], (_request, response) => {
    if (options.isReady()) plain(response, 200, 'ok');
    else plain(response, 503, 'the first pass has not ended');
  });
  app.get('/', (_request, response) => {
    response
      .set('Content-Security-Policy', "default-src 'none'")
      .type('text/html')
      .send(landingPage(options));
  });
  app.use((_request, response) => plain(response, 404, 'Not Found'));
  const answerError: ErrorRequestHandler = (error, _request, response, _next) => {
    options.onError(error);
    if (response.headersSent) response.destroy();
    else plain(response, 500, 'Internal Server Error');
  };
  app.use(answerError);
  return app;
}

/** Makes the server, not yet listening. */
export function createServer(options: ServerOptions): Server {
  const server = createHttpServer({ ...TIMEOUTS, maxHeaderSize: 16 * 1024 }, createApp(options));
  server.maxConnections = MAX_CONNECTIONS;
  server.setTimeout(SOCKET_TIMEOUT_MS);
  return server;
}
