/**
 * What every request passes before its handler: response timeout, default headers, authentication, allowed methods.
 */
import type { MonotonicClock } from '../util/clock.ts';
import type { AuthRequest, Guard, OnRejection } from './auth/guard.ts';
import { type Request, type RequestHandler, type Response, sendText } from './express.ts';
import type { HostNames } from './host-names.ts';

/** Forbid caching, content sniffing, loading of resources and framing. */
export const DEFAULT_HEADERS = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy':
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};

/** Aborts when the response has been sent or the client has disconnected. */
export function closedSignal(response: Response): AbortSignal {
  const closed = new AbortController();
  response.once('close', () => closed.abort());
  return closed.signal;
}

/** Disconnects a client that takes longer to read a response, which holds memory meanwhile. */
export function limitResponseTime(
  responseMs: number,
  sleep: MonotonicClock['sleep'],
  disconnect: (response: Response) => void,
): RequestHandler {
  return (_request, response, next) => {
    const closed = closedSignal(response);
    void sleep(responseMs, closed).then(() => {
      if (!closed.aborted) disconnect(response);
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

/** Rejects requests of web sites that let their name resolve to a loopback address. */
export function checkHost({ isAllowed }: HostNames, onRejection: OnRejection): RequestHandler {
  return ({ headers, socket }, response, next) => {
    if (isAllowed(headers.host, socket.localAddress)) return next();
    onRejection(421);
    return sendText(response, 421, 'unknown host name; allow it with --web.allowed-hosts');
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
