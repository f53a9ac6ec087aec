/**
 * So many connections of one network, whatever else is free: nobody alone can keep others out.
 *
 * Knows nothing of what is said on them.
 */
import type { Server, Socket } from 'node:net';
import { networkOf } from './client-network.ts';

/** Closes a connection that is one too many, before anything is read from it. */
export function limitPeers(server: Server, maxPerPeer: number): void {
  const open = new Map<string, number>();
  const leave = (network: string): void => {
    const left = (open.get(network) ?? 1) - 1;
    if (left === 0) open.delete(network);
    else open.set(network, left);
  };
  server.prependListener('connection', (socket: Socket) => {
    const network = networkOf(socket.remoteAddress);
    const count = (open.get(network) ?? 0) + 1;
    open.set(network, count);
    socket.once('close', () => leave(network));
    if (count > maxPerPeer) socket.destroy();
  });
}
