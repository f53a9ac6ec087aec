/**
 * The open connections of a server: limited per network, so that one client cannot use all of them, and reset if their
 * clients are too slow.
 *
 * If a connection is closed, the kernel keeps what its client has yet to read, and nothing limits that. It therefore
 * stays open until the client closes it, or is reset.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { MonotonicClock } from '../util/clock.ts';
import { networkOf } from './client-network.ts';
import { createSendLimit, type SendLimit } from './delivery/send-limit.ts';
import { readSendQueues } from './delivery/send-queues.ts';

export interface Connections extends Pick<SendLimit, 'reserve'> {
  readonly follow: (server: Server) => void;
  /** Ends a connection, and drops what the kernel holds of its responses: closed otherwise, it would keep that. */
  readonly reset: (socket: Socket) => void;
}

export interface ConnectionOptions {
  readonly maxPerClient: number;
  /** Of all responses that the kernel holds. */
  readonly maxQueuedBytes: number;
  /** How long a client may take to read what was sent when its connection ends. */
  readonly lingerMs: number;
  readonly sleep: MonotonicClock['sleep'];
  /** Called for each client that is disconnected because it reads too slowly. */
  readonly onSlowClient: () => void;
}

/** More than a short response with its headers. */
const SMALL_BYTES = 1_024;
/** A connection that was sent more may have a long queue in the kernel. */
const LARGE_BYTES = 64 * 1_024;

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

/** Counts connections per network and closes one beyond the limit before anything is read from it. */
function createCounter(maxPerClient: number): (socket: Socket) => void {
  const counts = new Map<string, number>();
  return (socket) => {
    const network = networkOf(socket.remoteAddress);
    const count = (counts.get(network) ?? 0) + 1;
    counts.set(network, count);
    socket.once('close', () => {
      const left = (counts.get(network) ?? 1) - 1;
      if (left === 0) counts.delete(network);
      else counts.set(network, left);
    });
    if (count > maxPerClient) socket.destroy();
  };
}

/** Lets a client read what was sent when Node ends the connection, and resets the connection on errors. */
function lingering(reset: Connections['reset'], { lingerMs, sleep }: ConnectionOptions) {
  return (socket: Socket): void => {
    const closed = new AbortController();
    socket.once('close', () => closed.abort());
    socket.destroySoon = () => {
      socket.end();
      void sleep(lingerMs, closed.signal).then(() => {
        if (!closed.signal.aborted) reset(socket);
      });
    };
    const destroy = socket.destroy.bind(socket);
    socket.destroy = (error) => {
      socket.destroy = destroy;
      if (error === undefined || socket.bytesWritten < LARGE_BYTES) return destroy(error);
      reset(socket);
      return socket;
    };
  };
}

export function createConnections(options: ConnectionOptions): Connections {
  const { maxPerClient, maxQueuedBytes, onSlowClient } = options;
  /** Those of the kernel: a reset is not possible through the socket of TLS. */
  const sockets = new Map<string, Socket>();
  const count = createCounter(maxPerClient);
  const reset: Connections['reset'] = (socket) => void sockets.get(peerOf(socket))?.resetAndDestroy();
  const { reserve } = createSendLimit({
    maxBytes: maxQueuedBytes,
    readQueues: readSendQueues,
    sockets: () => sockets.values(),
    reset: (socket) => {
      onSlowClient();
      reset(socket);
    },
  });
  const linger = lingering(reset, options);

  const accept = (socket: Socket): void => {
    const peer = peerOf(socket);
    sockets.set(peer, socket);
    socket.once('close', () => {
      if (sockets.get(peer) === socket) sockets.delete(peer);
    });
    count(socket);
  };
  const follow = (server: Server): void => {
    server.prependListener('connection', accept);
    for (const event of ['connection', 'secureConnection']) server.prependListener(event, linger);
    server.on('timeout', (socket: Socket) => socket.destroySoon());
    server.on('request', ({ socket }) => void reserve(SMALL_BYTES, socket));
  };
  return { follow, reset, reserve };
}
