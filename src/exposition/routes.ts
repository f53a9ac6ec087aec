/**
 * What the server answers: metrics, probes, the page of the node and its twin in JSON.
 *
 * Bounded in answers under way and in the time each may take. Knows nothing of how a scrape is made. No answer
 * but the page's form holds anything of a request, none of a failure says what failed.
 */
import { STATUS_CODES } from 'node:http';
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from 'express';
import type { Snapshot } from '../core/snapshot.ts';
import { landingPage } from './landing-page.ts';
import { negotiateFormat } from './negotiate.ts';
import { type Filter, narrow, parseFilter } from './page/filter.ts';
import { pagePolicy } from './page/style.ts';
import type { Scrape } from './scrape.ts';
import { statusPage } from './status-page.ts';
import { CONTENT_TYPES } from './text.ts';
import { tokenReport } from './token-report.ts';

export interface RouteOptions {
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
  /** Whether the first pass has ended. */
  readonly isReady: () => boolean;
  /** A request failed through a bug. */
  readonly onError: (error: unknown) => void;
  /** Resolves after `ms`, or as soon as the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Nothing here is to be kept, guessed at, or shown inside of another page. */
const HEADERS = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy':
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};

function plain(response: Response, status: number, text = STATUS_CODES[status]): void {
  response.status(status).type('text/plain').send(`${text}\n`);
}

/** Cuts off whoever takes longer to read an answer: no scraper does, and it holds a slot and memory meanwhile. */
function within(answerMs: number, sleep: RouteOptions['sleep']): RequestHandler {
  return (request, response, next) => {
    const answered = new AbortController();
    response.once('close', () => answered.abort());
    void sleep(answerMs, answered.signal).then(() => {
      if (!answered.signal.aborted) request.socket.destroy();
    });
    next();
  };
}

function withHeaders(_request: Request, response: Response, next: () => void): void {
  response.set(HEADERS);
  next();
}

function onlyReading(request: Request, response: Response, next: () => void): void {
  if (request.method === 'GET' || request.method === 'HEAD') {
    next();
    return;
  }
  response.set('Allow', 'GET, HEAD');
  plain(response, 405);
}

/** So many answers at the same time, of all handlers together. */
function bounded(maxRequests: number): (handler: RequestHandler) => RequestHandler {
  let underway = 0;
  return (handler) => async (request, response, next) => {
    if (underway >= maxRequests) {
      response.set('Retry-After', '1');
      return plain(response, 503, 'too many requests under way');
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
    if (parsed.ok) answer(parsed.filter, response);
    else plain(response, 400, parsed.problem);
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
    response.type('application/json').send(tokenReport(narrow(takeSnapshot(), filter), runbooks));
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

export function createRoutes(options: RouteOptions, answerMs: number): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', false).set('case sensitive routing', true);
  app.use(within(answerMs, options.sleep), withHeaders, onlyReading);
  app.get(options.telemetryPath, bounded(options.maxRequests)(metrics(options.scrape)));
  app.get(['/healthz', '/-/healthy'], (_request, response) => plain(response, 200, 'ok'));
  app.get(['/readyz', '/-/ready'], (_request, response) => {
    if (options.isReady()) plain(response, 200, 'ok');
    else plain(response, 503, 'the first pass has not ended');
  });
  if (options.isPageShown) addPages(app, options);
  else app.get('/', (_request, response) => response.type('text/html').send(landingPage(options)));
  app.use((_request, response) => plain(response, 404));
  app.use(answerErrors(options.onError));
  return app;
}
