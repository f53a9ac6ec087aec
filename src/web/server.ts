/**
 * The HTTP server: bounded in connections, time and header size, whoever asks.
 *
 * Knows nothing of what is asked; answers are in routes.ts. Requests that are no HTTP get Node's own short answer
 * (400, 408, 417 or 431) and lose their connection.
 */
import { createServer as createHttpServer, type ServerOptions as HttpOptions, type Server } from 'node:http';
import type { TlsConfig } from './config/web-config.ts';
import { limitPeers } from './connection-limit.ts';
import { createProbeRoutes, createRoutes, type ProbeOptions, type RouteOptions } from './routes.ts';
import type { TlsServer } from './tls.ts';

export type ServerOptions = RouteOptions;

/** What one client may take of the server. */
export interface Limits {
  readonly maxConnections: number;
  /** Of one network, so that nobody alone can take them all. */
  readonly maxPerPeer: number;
  readonly maxHeaderBytes: number;
  /** From the first byte, or the connection, to the end of the headers, or of the handshake; and to the end of the request. */
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
  maxPerPeer: 128,
  maxHeaderBytes: 16 * 1024,
  headersMs: 5_000,
  requestMs: 10_000,
  answerMs: 30_000,
  keepAliveMs: 65_000,
  checkMs: 1_000,
};

/** Of the probes, which the kubelet alone has use for. */
const PROBE_LIMITS: Limits = { ...LIMITS, maxConnections: 64, maxPerPeer: 16 };

function httpOptions(limits: Limits): HttpOptions {
  return {
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: limits.checkMs,
  };
}

function bound<S extends Server>(server: S, { onError }: ProbeOptions, limits: Limits): S {
  server.maxConnections = limits.maxConnections;
  limitPeers(server, limits.maxPerPeer);
  // A failure to accept must not end the process; one to listen is told to whoever called for it.
  server.once('listening', () => server.on('error', onError));
  return server;
}

/** These make a server, not yet listening. */
export function createServer(options: ServerOptions, limits: Limits = LIMITS): Server {
  const routes = createRoutes(options, limits.answerMs);
  return bound(createHttpServer(httpOptions(limits), routes), options, limits);
}

export function createProbeServer(options: ProbeOptions, limits: Limits = PROBE_LIMITS): Server {
  const routes = createProbeRoutes(options, limits.answerMs);
  return bound(createHttpServer(httpOptions(limits), routes), options, limits);
}

/** Loads TLS only here: it costs memory. */
export async function createSecureServer(
  options: ServerOptions,
  tls: TlsConfig,
  limits: Limits = LIMITS,
): Promise<TlsServer> {
  const { createTlsServer } = await import('./tls.ts');
  const routes = createRoutes(options, limits.answerMs);
  const secure = createTlsServer(httpOptions(limits), tls, limits.headersMs, routes);
  bound(secure.server, options, limits);
  return secure;
}
