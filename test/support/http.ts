/**
 * A server under test, and clients that send arbitrary bytes.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, connect, type Socket, type TcpSocketConnectOpts } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach } from 'mocha';
import { RUNBOOKS } from '../../src/core/runbook.ts';
import type { PooledBytes } from '../../src/metrics/buffer-pool.ts';
import type { Scrape } from '../../src/metrics/scrape.ts';
import type { RouteOptions } from '../../src/web/routes.ts';
import { createServer, LIMITS, type Limits } from '../../src/web/server.ts';
import { snapshot } from './snapshots.ts';

export interface Served {
  readonly server: Server;
  readonly url: string;
  /** Returns and clears the errors reported so far. */
  readonly takeErrors: () => readonly unknown[];
  readonly connect: (options?: Pick<TcpSocketConnectOpts, 'localAddress'>) => Promise<Socket>;
  /** Sends bytes and returns everything received until the end of the connection. */
  readonly send: (request: string) => Promise<string>;
  /** Opens a connection for each request, and then sends all of them in one turn. */
  readonly sendTogether: (requests: readonly string[]) => Promise<readonly string[]>;
  readonly close: () => Promise<void>;
}

/** Waits for the end of a connection. */
export async function closed(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.once('close', () => resolve());
  if (!socket.closed) await promise;
}

/** Reads until the end of the connection. */
export async function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await closed(socket);
  return Buffer.concat(chunks).toString('latin1');
}

/** A body whose buffer is not reused. */
export function lasting(bytes: Buffer): PooledBytes {
  return { bytes, release: () => undefined };
}

/** A scrape with a constant result. */
function scrapeOf(text: string): Scrape {
  return async (_format, coding) => lasting(coding === 'gzip' ? gzipSync(text) : Buffer.from(text));
}

/** A small scrape, ready, patient, open to all, unless a test says otherwise; and what goes wrong. */
export function serverOptions(overrides: Partial<RouteOptions> = {}) {
  const errors: unknown[] = [];
  const options: RouteOptions = {
    telemetryPath: '/metrics',
    maxRequests: 128,
    node: 'node-1',
    allowedHosts: undefined,
    version: '1.2.3',
    runbooks: RUNBOOKS,
    scrape: scrapeOf('x 1\n'),
    takeSnapshot: snapshot,
    isPageEnabled: true,
    isReady: () => true,
    guard: async () => undefined,
    headers: () => new Map(),
    onError: (error) => errors.push(error),
    onSlowClient: () => undefined,
    onRejection: () => undefined,
    monotonicMs: () => performance.now(),
    now: () => Date.now() / 1_000,
    sleep: (ms, signal) => delay(ms, undefined, { signal, ref: false }).catch(() => undefined),
    ...overrides,
  };
  return { options, errors };
}

/**
 * Servers of a suite: `start` starts one for a test. Call `closeAfterEach` in the suite: hooks at the top level of a file
 * would run for all files. A test fails if its server reported an error.
 */
export function suiteServers(defaults: Partial<RouteOptions> = {}) {
  let served: Served | undefined;
  const start = async (overrides: Partial<RouteOptions> = {}): Promise<Served> => {
    served = await serve({ ...defaults, ...overrides });
    return served;
  };
  const closeAfterEach = (): void => {
    afterEach(async () => {
      assert.deepEqual(served?.takeErrors() ?? [], []);
      await served?.close();
      served = undefined;
    });
  };
  return { start, closeAfterEach };
}

/** Starts a server on a free port. */
export async function serve(
  overrides: Partial<RouteOptions> = {},
  limits: Partial<Limits> = {},
): Promise<Served> {
  const { options, errors } = serverOptions(overrides);
  const server = createServer(options, { ...LIMITS, ...limits });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const open: Served['connect'] = async (options) => {
    const socket = connect({ port, host: '127.0.0.1', ...options });
    await once(socket, 'connect');
    // A connection that is reset has ended, which is what tests wait for.
    return socket.on('error', () => undefined);
  };
  return {
    server,
    url: `http://127.0.0.1:${port}`,
    takeErrors: () => errors.splice(0),
    connect: open,
    send: async (request) => {
      const socket = await open();
      socket.write(request, 'latin1');
      return readAll(socket);
    },
    sendTogether: async (requests) => {
      const clients: Socket[] = [];
      for (const _ of requests) {
        const accepted = once(server, 'connection');
        clients.push(await open());
        await accepted;
      }
      for (const [index, client] of clients.entries()) client.write(requests[index] ?? '', 'latin1');
      return Promise.all(clients.map(readAll));
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Formats a request with `Connection: close`. */
export function request(line: string, ...headers: string[]): string {
  return [line, 'Host: x', 'Connection: close', ...headers, '', ''].join('\r\n');
}
