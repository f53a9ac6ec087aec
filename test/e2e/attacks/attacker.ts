/**
 * Somebody who means no good: connections from whatever address of the loopback, and any bytes on them.
 *
 * Knows nothing of what is attacked but its port.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectSecure } from 'node:tls';
import { closed, readAll } from '../../support/http.ts';

export interface Target {
  readonly port: number;
  readonly isSecure: boolean;
}

/** How often each status came back; `closed` counts connections on which nothing did. */
export type Answers = Readonly<Record<string, number>>;

export function addressOf(index: number): string {
  return `127.0.${1 + Math.floor(index / 250)}.${1 + (index % 250)}`;
}

/** Opens a connection, if it is let; one that is cut off is no error here. */
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

/** Sends bytes on a connection of their own, and answers all that comes back before it ends. */
export async function send(target: Target, address: string, bytes: string): Promise<string> {
  const socket = await open(target, address);
  socket.write(bytes, 'latin1');
  return readAll(socket);
}

export function count(answers: readonly string[]): Answers {
  const found = answers.flatMap((answer) => {
    const statuses = [...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status = '']) => status);
    return statuses.length === 0 ? ['closed'] : statuses;
  });
  const counted: Record<string, number> = {};
  for (const status of found) counted[status] = (counted[status] ?? 0) + 1;
  return counted;
}

/** Sends all at once, each on a connection and, in turn, from one of so many addresses. */
export async function sendAll(target: Target, requests: readonly string[], addresses = 1): Promise<Answers> {
  const sent = requests.map((bytes, index) => send(target, addressOf(index % addresses), bytes));
  return count(await Promise.all(sent));
}

export interface Dripping {
  readonly connections: number;
  /** That they come from, in turn. */
  readonly addresses: number;
  /** What each says at once. */
  readonly first: string;
  /** What it says after a while, and after each while again. */
  readonly more: string;
  readonly everyMs: number;
}

/** Holds connections open that say little, until they are cut. */
export async function drip(target: Target, dripping: Dripping): Promise<Answers> {
  const { connections, addresses, first, more, everyMs } = dripping;
  const sockets = await Promise.all(
    times(connections, (index) => open(target, addressOf(index % addresses))),
  );
  const answers = sockets.map((socket) => readAll(socket));
  const say = (text: string): void => {
    for (const socket of sockets) if (socket.writable && text !== '') socket.write(text);
  };
  const timer = setInterval(say, everyMs, more);
  say(first);
  try {
    return count(await Promise.all(answers));
  } finally {
    clearInterval(timer);
  }
}

/** One connection's requests, the last of which ends it. */
function pipelined(...requests: readonly string[]): string {
  return requests
    .map((text, index) => (index === requests.length - 1 ? text : text.replace('Connection: close\r\n', '')))
    .join('');
}

export function times<T>(size: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: size }, (_, index) => make(index));
}

/** So many connections with so many requests each. */
export function flood(connections: number, each: number, make: (index: number) => string): readonly string[] {
  return times(connections, (one) => pipelined(...times(each, (index) => make(one * each + index))));
}
