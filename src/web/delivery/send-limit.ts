/**
 * Limits what the kernel holds of responses that clients do not take: up to 4 MB for each connection, which counts as
 * memory of the container. Beyond the limit, connections of the network with the most are reset, the largest first. The
 * largest of all may be that of a scraper, which has one connection, while an attacker has many small ones.
 */
import type { Socket } from 'node:net';
import { networkOf } from '../client-network.ts';
import { clientKey, type SendQueues } from './send-queues.ts';

export interface SendLimitOptions {
  readonly maxBytes: number;
  readonly readQueues: (localPort: number) => Promise<SendQueues>;
  readonly sockets: () => Iterable<Socket>;
  readonly reset: (socket: Socket) => void;
}

export interface SendLimit {
  /** Resolves when this many bytes may be sent. */
  readonly reserve: (bytes: number, socket: Socket) => Promise<void>;
}

interface Queue {
  readonly socket: Socket;
  readonly bytes: number;
}

function sum(queues: readonly Queue[]): number {
  return queues.reduce((total, { bytes }) => total + bytes, 0);
}

/** The connections without which the others stay within the limit. */
function findSurplus(queues: readonly Queue[], maxBytes: number): readonly Socket[] {
  const byNetwork = Map.groupBy(queues, ({ socket }) => networkOf(socket.remoteAddress));
  const networks = Array.from(byNetwork.values(), (of) => ({
    held: sum(of),
    smallestFirst: of.toSorted((a, b) => a.bytes - b.bytes),
  }));
  const surplus: Socket[] = [];
  for (let held = sum(queues); held > maxBytes; ) {
    const [greediest] = networks.sort((a, b) => b.held - a.held);
    const largest = greediest?.smallestFirst.pop();
    if (greediest === undefined || largest === undefined) break;
    greediest.held -= largest.bytes;
    held -= largest.bytes;
    surplus.push(largest.socket);
  }
  return surplus;
}

/** The table is read each time that a third of the limit has been sent since. */
const CHECKS = 3;

export function createSendLimit({ maxBytes, readQueues, sockets, reset }: SendLimitOptions): SendLimit {
  let sent = 0;
  let check: Promise<void> | undefined;

  const checkQueues = async (localPort: number): Promise<void> => {
    sent = 0;
    const queues = await readQueues(localPort);
    const queueOf = ({ remoteAddress = '', remotePort = 0 }: Socket): number =>
      queues.get(clientKey(remoteAddress, remotePort)) ?? 0;
    const held = Array.from(sockets(), (socket) => ({ socket, bytes: queueOf(socket) }));
    for (const socket of findSurplus(held, maxBytes)) reset(socket);
  };

  const reserve: SendLimit['reserve'] = async (bytes, { localPort }) => {
    sent += bytes;
    if (localPort === undefined) return;
    if (sent > maxBytes / CHECKS)
      check ??= checkQueues(localPort).finally(() => {
        check = undefined;
      });
    await check;
  };
  return { reserve };
}
