/**
 * What every request passes before its handler: response timeout, default headers, authentication, allowed methods.
 */
import type { MonotonicClock } from '../util/clock.ts';
import type { AuthRequest, Guard } from './auth/guard.ts';
import { type Request, type RequestHandler, type Response, sendText } from './express.ts';

/** Forbid caching, content sniffing, loading of resources and framing. */
export const DEFAULT_HEADERS = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy':
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};

/** Closes the connection of a client that takes longer to read a response, which holds a slot and memory meanwhile. */
export function limitResponseTime(responseMs: number, sleep: MonotonicClock['sleep']): RequestHandler {
  return (request, response, next) => {
    const closed = new AbortController();
    response.once('close', () => closed.abort());
    void sleep(responseMs, closed.signal).then(() => {
      if (!closed.signal.aborted) request.socket.destroy();
    });
    next();
  };
}

/** `configured` overrides the defaults; a handler overrides both, as in exporter-toolkit. */
export function setHeaders(configured: () => ReadonlyMap<string, string>): RequestHandler {
  return (_request, response, next) => {
    response.set(DEFAULT_HEADERS).set(Object.fromEntries(configured()));
    next();
  };
}

function authRequestOf({ headers, socket }: Request): AuthRequest {
  return { authorization: headers.authorization, remoteAddress: socket.remoteAddress };
}

export function requireAuth(guard: Guard): RequestHandler {
  return async (request, response, next) => {
    const rejection = await guard(authRequestOf(request));
    if (rejection === undefined) return next();
    response.set(rejection.headers);
    return sendText(response, rejection.status);
  };
}

export function allowGetAndHead(request: Request, response: Response, next: () => void): void {
  if (request.method === 'GET' || request.method === 'HEAD') {
    next();
    return;
  }
  response.set('Allow', 'GET, HEAD');
  sendText(response, 405);
}

/** Returns a function that wraps handlers; together they have at most `maxRequests` responses in flight. */
export function limitRequests(maxRequests: number): (handler: RequestHandler) => RequestHandler {
  let inFlight = 0;
  return (handler) => async (request, response, next) => {
    if (inFlight >= maxRequests) {
      response.set('Retry-After', '1');
      return sendText(response, 503, 'too many concurrent requests');
    }
    inFlight += 1;
    response.once('close', () => {
      inFlight -= 1;
    });
    return handler(request, response, next);
  };
}
