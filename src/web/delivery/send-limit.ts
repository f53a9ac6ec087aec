/**
 * Limits what the kernel holds of responses that clients do not take: up to 4 MB for each connection, which counts as
 * memory of the container. Beyond the limit, the clients with the most are disconnected.
 */
import type { Socket } from 'node:net';
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
    const largestFirst = Array.from(sockets(), (socket) => ({ socket, bytes: queueOf(socket) }))
      .filter(({ bytes }) => bytes > 0)
      .sort((a, b) => b.bytes - a.bytes);
    let held = largestFirst.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const { socket, bytes } of largestFirst) {
      if (held <= maxBytes) return;
      held -= bytes;
      reset(socket);
    }
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
