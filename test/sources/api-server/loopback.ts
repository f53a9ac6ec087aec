/**
 * Servers on the loopback, KUBECONFIG files that name them, and connections by these: all gone after a test.
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
import { type Connection, connect, type Question } from '../../../src/sources/api-server/connection.ts';
import type { Json } from './objects.ts';

/** What must never be seen anywhere. */
export const TOKEN = 'a-very-secret-token';

export interface Configured {
  readonly server: string;
  readonly cluster?: Json;
  readonly user?: Json;
}

export interface Reached {
  readonly connection: Connection;
  /** What its requests came to. */
  readonly codes: readonly (number | ClusterFailure)[];
}

export interface Loopback {
  readonly folder: string;
  /** Each answers the URL. */
  readonly serve: (handle: RequestListener) => Promise<string>;
  readonly listen: (server: Server, scheme: string) => Promise<string>;
  /** Writes a KUBECONFIG file and answers its path. */
  readonly configure: (configured: Configured) => string;
  readonly write: (name: string, content: string) => string;
  readonly reach: (kubeconfig: string) => Promise<Reached>;
  readonly stopServing: () => void;
  readonly close: () => void;
}

export function question(overrides: Partial<Question> = {}): Question {
  return { resource: 'pods', path: '/api/v1/pods?a=b', signal: new AbortController().signal, ...overrides };
}

/** The failure, or the status and the body. */
export async function outcome(connection: Connection, overrides: Partial<Question> = {}): Promise<string> {
  const reply = await connection.ask(question(overrides));
  return reply.ok ? `${reply.status} ${await text(reply.body)}` : reply.failure;
}

function kubeconfig({ server, cluster, user }: Required<Configured>): string {
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
  }: Configured) => write('config', kubeconfig({ server, cluster, user }));
  const reach = async (files: string): Promise<Reached> => {
    const codes: (number | ClusterFailure)[] = [];
    const connected = await connect({
      kubeconfig: files,
      userAgent: 'test/1.0',
      onRequest: (_resource, code) => codes.push(code),
    });
    assert.ok(connected.ok, connected.ok ? '' : connected.problem);
    connections.push(connected.connection);
    return { connection: connected.connection, codes };
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
  return { folder, serve, listen, configure, write, reach, stopServing, close };
}
