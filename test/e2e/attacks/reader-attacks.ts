/**
 * Clients of one address, without credentials, that never read what they ask for.
 */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { get } from './attack.ts';
import { open, type Target } from './attacker.ts';

export interface ReaderAttack {
  readonly it: string;
  /** What each connection sends. */
  readonly requestsOf: (index: number) => readonly string[];
}

export const READER = '127.0.0.7';
/** The kernel takes one or two of these responses. The others wait in the exporter. */
const PIPELINED = 8;

function kept(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
}

export const READER_ATTACKS: readonly ReaderAttack[] = [
  {
    it: 'the metrics, from 100 connections',
    requestsOf: () => Array<string>(PIPELINED).fill(kept('/metrics')),
  },
  {
    it: 'the metrics, from 100 connections that end with them',
    requestsOf: () => [get('/metrics')],
  },
  {
    it: 'pages and JSON with a filter of their own, from 100 connections',
    requestsOf: (index) => [`/?q=pod-${index % 10}`, '/tokens', '/', `/tokens?q=${index}`].map(kept),
  },
];

/** Opens a connection that asks and does not read. Returns once there is something to read. */
export async function openReader(
  target: Target,
  { requestsOf }: ReaderAttack,
  index: number,
): Promise<Socket> {
  const socket = await open(target, READER);
  socket.write(requestsOf(index).join(''));
  await once(socket, 'readable');
  return socket;
}
