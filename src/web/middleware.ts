/**
 * What every request goes through before it is answered: time limits, headers, the guard.
 *
 * Knows nothing of the answers.
 */
import type { Request, RequestHandler, Response } from 'express';
import type { AuthRequest, Guard } from './auth/guard.ts';
import { plain } from './plain.ts';

/** Resolves after `ms`, or as soon as the signal aborts. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

/** Nothing here is to be kept, guessed at, or shown inside of another page. */
export const HEADERS = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy':
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};

/** Cuts off whoever takes longer to read an answer: no scraper does, and it holds a slot and memory meanwhile. */
export function within(answerMs: number, sleep: Sleep): RequestHandler {
  return (request, response, next) => {
    const answered = new AbortController();
    response.once('close', () => answered.abort());
    void sleep(answerMs, answered.signal).then(() => {
      if (!answered.signal.aborted) request.socket.destroy();
    });
    next();
  };
}

/** `configured` goes before ours; what a handler sets itself goes before both, as in exporter-toolkit. */
export function withHeaders(configured: () => ReadonlyMap<string, string>): RequestHandler {
  return (_request, response, next) => {
    response.set(HEADERS).set(Object.fromEntries(configured()));
    next();
  };
}

function authRequestOf({ method, path, headers, socket }: Request): AuthRequest {
  return { method, path, authorization: headers.authorization, remoteAddress: socket.remoteAddress };
}

/** Lets through what the guard lets through. */
export function guardedBy(guard: Guard): RequestHandler {
  return async (request, response, next) => {
    const rejection = await guard(authRequestOf(request));
    if (rejection === undefined) return next();
    response.set(rejection.headers);
    return plain(response, rejection.status);
  };
}

export function onlyReading(request: Request, response: Response, next: () => void): void {
  if (request.method === 'GET' || request.method === 'HEAD') {
    next();
    return;
  }
  response.set('Allow', 'GET, HEAD');
  plain(response, 405);
}

/** So many answers at the same time, of all handlers together. */
export function bounded(maxRequests: number): (handler: RequestHandler) => RequestHandler {
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
