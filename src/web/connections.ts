/**
 * The open connections of a server: limited per network, so that one client cannot use all of them, and reset if their
 * clients are too slow.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { networkOf } from './client-network.ts';

export interface Connections {
  readonly follow: (server: Server) => void;
  /** Ends a connection, and drops what the kernel holds of its responses: closed otherwise, it would keep that. */
  readonly reset: (socket: Socket) => void;
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

/** Closes a connection beyond the limit before anything is read from it. */
export function createConnections(maxPerClient: number): Connections {
  const counts = new Map<string, number>();
  /** Those of the kernel: a reset is not possible through the socket of TLS. */
  const sockets = new Map<string, Socket>();

  const leave = (network: string): void => {
    const left = (counts.get(network) ?? 1) - 1;
    if (left === 0) counts.delete(network);
    else counts.set(network, left);
  };
  const accept = (socket: Socket): void => {
    const [peer, network] = [peerOf(socket), networkOf(socket.remoteAddress)];
    const count = (counts.get(network) ?? 0) + 1;
    counts.set(network, count);
    sockets.set(peer, socket);
    socket.once('close', () => {
      leave(network);
      if (sockets.get(peer) === socket) sockets.delete(peer);
    });
    if (count > maxPerClient) socket.destroy();
  };
  return {
    follow: (server) => server.prependListener('connection', accept),
    reset: (socket) => sockets.get(peerOf(socket))?.resetAndDestroy(),
  };
}
