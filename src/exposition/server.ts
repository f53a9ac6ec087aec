/**
 * The HTTP server: bounded in connections, time and header size, whoever asks.
 *
 * Knows nothing of what is asked; answers are in routes.ts. Requests that are no HTTP get Node's own short answer
 * (400, 408, 417 or 431) and lose their connection.
 */
import { createServer as createHttpServer, type Server } from 'node:http';
import { createRoutes, type RouteOptions } from './routes.ts';

export type ServerOptions = RouteOptions;

/** What one client may take of the server. */
export interface Limits {
  readonly maxConnections: number;
  readonly maxHeaderBytes: number;
  /** From the first byte, or the connection, to the end of the headers; and to the end of the request. */
  readonly headersMs: number;
  readonly requestMs: number;
  /** From the request to the last byte of the answer. */
  readonly answerMs: number;
  /** From one request to the next; longer than a usual scrape interval. */
  readonly keepAliveMs: number;
  /** How often connections are looked through for those past their time. */
  readonly checkMs: number;
}

export const LIMITS: Limits = {
  maxConnections: 512,
  maxHeaderBytes: 16 * 1024,
  headersMs: 5_000,
  requestMs: 10_000,
  answerMs: 30_000,
  keepAliveMs: 65_000,
  checkMs: 1_000,
};

/** Makes the server, not yet listening. */
export function createServer(options: ServerOptions, limits: Limits = LIMITS): Server {
  const server = createHttpServer(
    {
      maxHeaderSize: limits.maxHeaderBytes,
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.keepAliveMs,
      connectionsCheckingInterval: limits.checkMs,
    },
    createRoutes(options, limits.answerMs),
  );
  server.maxConnections = limits.maxConnections;
  // A failure to accept must not end the process; one to listen is told to whoever called for it.
  server.once('listening', () => server.on('error', options.onError));
  return server;
}
