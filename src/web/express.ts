/**
 * Express, of which this project uses the router and the response helpers. The only file that imports it.
 */
import { type RequestListener, STATUS_CODES } from 'node:http';
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from 'express';

import type { Coding } from '../metrics/compress.ts';

export type { Express, Request, RequestHandler, Response };

export function createApp(): Express {
  return express()
    .disable('x-powered-by')
    .disable('etag')
    .set('query parser', false)
    .set('case sensitive routing', true);
}

/** How to send a body: gzip if the client accepts it at least as much as no compression. */
export function codingOf(request: Request): Coding {
  return request.acceptsEncodings('gzip', 'identity') === 'gzip' ? 'gzip' : 'identity';
}

/** `vary`: the headers of the request that the body depends on. */
export function codingHeaders(coding: Coding, vary: string): Readonly<Record<string, string>> {
  return { Vary: vary, ...(coding === 'gzip' && { 'Content-Encoding': coding }) };
}

/** Responds in plain text, by default with the name of the status. */
export function sendText(response: Response, status: number, text = STATUS_CODES[status]): void {
  response.status(status).type('text/plain').send(`${text}\n`);
}

/** No request makes Express itself throw, so every error is a bug in a handler. The response does not describe it. */
function handleErrors(onError: (error: unknown) => void): ErrorRequestHandler {
  return (error, _request, response, _next) => {
    onError(error);
    if (response.headersSent) response.destroy();
    else sendText(response, 500);
  };
}

/**
 * Adds the responses for unknown paths and failed handlers, and returns the listener for a server.
 *
 * Express runs no handler for a target without a path, such as `http://[::1`; it gets a 400 with `headers`.
 */
export function toListener(
  app: Express,
  headers: Readonly<Record<string, string>>,
  onError: (error: unknown) => void,
): RequestListener {
  app.use((_request, response) => sendText(response, 404));
  app.use(handleErrors(onError));
  return (request, response) => {
    app(request as Request, response as Response, () => {
      response.writeHead(400, { ...headers, 'Content-Type': 'text/plain; charset=utf-8' });
      response.end(`${STATUS_CODES[400]}\n`);
    });
  };
}
