/**
 * An attacker: connections from any loopback address, with any bytes.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectSecure } from 'node:tls';
import { MAX_PIPELINED } from '../../../src/web/pipelining.ts';
import { closed, readAll } from '../../support/http.ts';

export interface Target {
  readonly port: number;
  readonly isSecure: boolean;
}

/** Number of responses by status; `closed` counts connections without a response. */
export type Counts = Readonly<Record<string, number>>;

export function addressOf(index: number): string {
  return `127.0.${1 + Math.floor(index / 250)}.${1 + (index % 250)}`;
}

/** Tries to open a connection. A connection that the server closes is not an error. */
export async function open(target: Target, address: string, tls: ConnectionOptions = {}): Promise<Socket> {
  const { port, isSecure } = target;
  const at = { port, host: '127.0.0.1', localAddress: address };
  const socket = isSecure ? connectSecure({ ...at, rejectUnauthorized: false, ...tls }) : connect(at);
  socket.on('error', () => undefined);
  await Promise.race([once(socket, isSecure ? 'secureConnect' : 'connect'), closed(socket)]).catch(
    () => undefined,
  );
  return socket;
}

/** Resolves when the socket has received so many responses, or is closed. */
async function answered(
  socket: Socket,
  ended: Promise<unknown>,
  responses: () => number,
  wanted: number,
): Promise<void> {
  while (responses() < wanted && !socket.closed)
    await Promise.race([once(socket, 'data'), ended]).catch(() => undefined);
}

/**
 * Sends bytes on a new connection and returns everything received until its end. Each of several pipelines is sent after
 * the responses to the one before.
 */
export async function send(
  target: Target,
  address: string,
  bytes: string | readonly string[],
): Promise<string> {
  const socket = await open(target, address);
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  const ended = readAll(socket);
  const responses = (): number => text.match(/HTTP\/1\.1 \d/g)?.length ?? 0;
  for (const [index, pipeline] of [bytes].flat().entries()) {
    await answered(socket, ended, responses, index * MAX_PIPELINED);
    socket.write(pipeline, 'latin1');
  }
  return ended;
}

export function countStatuses(responses: readonly string[]): Counts {
  const found = responses.flatMap((response) => {
    const statuses = [...response.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status = '']) => status);
    return statuses.length === 0 ? ['closed'] : statuses;
  });
  const counted: Record<string, number> = {};
  for (const status of found) counted[status] = (counted[status] ?? 0) + 1;
  return counted;
}

/** Sends all requests at once, each on its own connection, from `addresses` addresses in turn. */
export async function sendAll(
  target: Target,
  requests: readonly (string | readonly string[])[],
  addresses = 1,
): Promise<Counts> {
  const sent = requests.map((bytes, index) => send(target, addressOf(index % addresses), bytes));
  return countStatuses(await Promise.all(sent));
}

export interface Dripping {
  readonly connections: number;
  /** The number of client addresses, used in turn. */
  readonly addresses: number;
  /** Sent at once. */
  readonly first: string;
  /** Sent repeatedly. */
  readonly more: string;
  readonly everyMs: number;
}

/** Keeps slow connections open until the server closes them. */
export async function drip(target: Target, dripping: Dripping): Promise<Counts> {
  const { connections, addresses, first, more, everyMs } = dripping;
  const sockets = await Promise.all(
    times(connections, (index) => open(target, addressOf(index % addresses))),
  );
  const responses = sockets.map((socket) => readAll(socket));
  const write = (text: string): void => {
    for (const socket of sockets) if (socket.writable && text !== '') socket.write(text);
  };
  const timer = setInterval(write, everyMs, more);
  write(first);
  try {
    return countStatuses(await Promise.all(responses));
  } finally {
    clearInterval(timer);
  }
}

/** Joins the requests of one connection to pipelines that the exporter accepts. The last one closes it. */
function pipelined(...requests: readonly string[]): readonly string[] {
  const kept = requests.map((text, index) =>
    index === requests.length - 1 ? text : text.replace('Connection: close\r\n', ''),
  );
  return times(Math.ceil(kept.length / MAX_PIPELINED), (index) =>
    kept.slice(index * MAX_PIPELINED, (index + 1) * MAX_PIPELINED).join(''),
  );
}

export function times<T>(size: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: size }, (_, index) => make(index));
}

/** Builds the requests of `connections` connections, `each` on one. */
export function flood(
  connections: number,
  each: number,
  make: (index: number) => string,
): readonly (readonly string[])[] {
  return times(connections, (one) => pipelined(...times(each, (index) => make(one * each + index))));
}
