/**
 * The HTTP servers, with limits on connections, time and header size for every client.
 *
 * A request that is not valid HTTP gets Node's own short response (400, 408, 417 or 431), and its connection is closed.
 */
import {
  createServer as createHttpServer,
  type ServerOptions as HttpOptions,
  type RequestListener,
  type Server,
} from 'node:http';
import type { TlsConfig } from './config/web-config.ts';
import { type Connections, createConnections } from './connections.ts';
import { limitPipelining } from './pipelining.ts';
import {
  createProbeRoutes,
  createRoutes,
  type Delivery,
  type ProbeOptions,
  type RouteOptions,
} from './routes.ts';
import type { TlsServer } from './tls.ts';

export interface Limits {
  readonly maxConnections: number;
  /** Per network of clients, so that one client cannot use all connections. */
  readonly maxPerClient: number;
  readonly maxHeaderBytes: number;
  /** From the first byte, or the connection, to the end of the headers or of the TLS handshake. */
  readonly headersMs: number;
  /** From the first byte to the end of the request. */
  readonly requestMs: number;
  /** From the request to the last byte of the response. */
  readonly responseMs: number;
  /** From one request to the next. Longer than a common scrape interval. */
  readonly keepAliveMs: number;
  /** Of all bodies with metrics that clients have yet to read, and of all pages. Two of a node at its limit of tokens. */
  readonly maxBytes: number;
  /** Of all responses that the kernel holds for clients that have yet to take them. */
  readonly maxQueuedBytes: number;
  /** How often connections are checked for these timeouts. */
  readonly checkMs: number;
}

export const LIMITS: Limits = {
  maxConnections: 512,
  maxPerClient: 128,
  maxHeaderBytes: 16 * 1024,
  headersMs: 5_000,
  requestMs: 10_000,
  responseMs: 30_000,
  keepAliveMs: 65_000,
  maxBytes: 16 * 1_048_576,
  maxQueuedBytes: 16 * 1_048_576,
  checkMs: 1_000,
};

/** Only the kubelet needs the probes. */
const PROBE_LIMITS: Limits = { ...LIMITS, maxConnections: 64, maxPerClient: 16 };

function httpOptions(limits: Limits): HttpOptions {
  return {
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: limits.checkMs,
  };
}

function withLimits<S extends Server>(
  server: S,
  connections: Connections,
  { onError }: ProbeOptions,
  limits: Limits,
): S {
  server.maxConnections = limits.maxConnections;
  connections.follow(server);
  // A failed accept must not end the process. A failed listen is the listener's to handle.
  server.once('listening', () => server.on('error', onError));
  return server;
}

/** The connections of a server, and the listener for their requests. */
function limitRequests(
  options: ProbeOptions,
  limits: Limits,
  routesOf: (delivery: Delivery) => RequestListener,
): { readonly connections: Connections; readonly listener: RequestListener } {
  const connections = createConnections({ ...limits, ...options, lingerMs: limits.responseMs });
  const routes = routesOf({ ...limits, ...connections });
  return { connections, listener: limitPipelining(routes, connections.reset) };
}

function createPlainServer(
  options: ProbeOptions,
  limits: Limits,
  routesOf: (delivery: Delivery) => RequestListener,
): Server {
  const { connections, listener } = limitRequests(options, limits, routesOf);
  return withLimits(createHttpServer(httpOptions(limits), listener), connections, options, limits);
}

export function createServer(options: RouteOptions, limits: Limits = LIMITS): Server {
  return createPlainServer(options, limits, (delivery) => createRoutes(options, delivery));
}

export function createProbeServer(options: ProbeOptions, limits: Limits = PROBE_LIMITS): Server {
  return createPlainServer(options, limits, (delivery) => createProbeRoutes(options, delivery));
}

/** Loads Node's TLS modules, which plain HTTP does without to save memory. */
export async function createSecureServer(
  options: RouteOptions,
  tls: TlsConfig,
  limits: Limits = LIMITS,
): Promise<TlsServer> {
  const { createTlsServer } = await import('./tls.ts');
  const { connections, listener } = limitRequests(options, limits, (delivery) =>
    createRoutes(options, delivery),
  );
  const secure = createTlsServer(httpOptions(limits), tls, limits.headersMs, listener);
  withLimits(secure.server, connections, options, limits);
  return secure;
}
