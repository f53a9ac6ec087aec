/**
 * Servers on the loopback interface, kubeconfig files that name them, and connections to them. `close` removes all.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { stringify } from 'yaml';
import type { ClusterFailure } from '../../../src/core/cluster-facts.ts';
import {
  type ApiRequest,
  type Connection,
  type ConnectionOptions,
  connect,
} from '../../../src/sources/api-server/client/connection.ts';
import type { Json } from './objects.ts';

/** Must never appear in an error. */
export const TOKEN = 'a-very-secret-token';

export interface KubeconfigOptions {
  readonly server: string;
  readonly cluster?: Json;
  readonly user?: Json;
}

export interface Connected {
  readonly connection: Connection;
  /** The `code` of each request. */
  readonly codes: readonly (number | ClusterFailure)[];
}

export interface Loopback {
  readonly folder: string;
  /** Starts a server; returns its URL. */
  readonly serve: (handle: RequestListener) => Promise<string>;
  readonly listen: (server: Server, scheme: string) => Promise<string>;
  /** Writes a kubeconfig; returns its path. */
  readonly configure: (options: KubeconfigOptions) => string;
  /** Writes a file; returns its path. */
  readonly write: (name: string, content: string) => string;
  readonly connect: (kubeconfig: string, options?: Partial<ConnectionOptions>) => Promise<Connected>;
  readonly stopServing: () => void;
  readonly close: () => void;
}

export function apiRequest(overrides: Partial<ApiRequest> = {}): ApiRequest {
  return { resource: 'pods', path: '/api/v1/pods?a=b', signal: new AbortController().signal, ...overrides };
}

/** Sends a request. Returns the failure, or the status and the body. */
export async function outcome(connection: Connection, overrides: Partial<ApiRequest> = {}): Promise<string> {
  const response = await connection.send(apiRequest(overrides));
  return response.ok ? `${response.value.status} ${await text(response.value.body)}` : response.error.failure;
}

function kubeconfig({ server, cluster, user }: Required<KubeconfigOptions>): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server, ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  });
}

export function createLoopback(): Loopback {
  const folder = mkdtempSync(join(tmpdir(), 'satoken-connection-'));
  const servers = new Set<Server>();
  const connections: Connection[] = [];

  const listen = async (server: Server, scheme: string): Promise<string> => {
    servers.add(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const serve = (handle: RequestListener): Promise<string> => listen(createServer(handle), 'http');
  const write = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const configure = ({
    cluster = { 'insecure-skip-tls-verify': true },
    user = { token: TOKEN },
    server,
  }: KubeconfigOptions) => write('config', kubeconfig({ server, cluster, user }));
  const connectBy: Loopback['connect'] = async (files, options): Promise<Connected> => {
    const codes: (number | ClusterFailure)[] = [];
    const connected = await connect({
      kubeconfig: files,
      userAgent: 'test/1.0',
      onRequest: (_resource, code) => codes.push(code),
      ...options,
    });
    assert.ok(connected.ok, connected.ok ? '' : connected.error);
    connections.push(connected.value);
    return { connection: connected.value, codes };
  };
  const stopServing = (): void => {
    for (const server of servers) server.close();
    servers.clear();
  };
  const close = (): void => {
    for (const connection of connections) connection.close();
    stopServing();
    rmSync(folder, { recursive: true });
  };
  return { folder, serve, listen, configure, write, connect: connectBy, stopServing, close };
}
