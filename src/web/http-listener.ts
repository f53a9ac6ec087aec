/**
 * A server, where it is to listen, and its connections: those in a handshake the server itself does not know of.
 *
 * Knows nothing of what is answered.
 */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { ListenAddress } from '../config/option.ts';
import type { MonotonicClock } from '../util/clock.ts';

export interface Door {
  /** Rejects where the address cannot be listened on. */
  readonly open: () => Promise<AddressInfo>;
  /** Lets answers under way end, and cuts off what takes too long. */
  readonly shut: () => Promise<void>;
}

/** How long answers under way may take once the process is asked to end. */
const DRAIN_MS = 700;

export function createDoor(server: Server, { host, port }: ListenAddress, clock: MonotonicClock): Door {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const open = async (): Promise<AddressInfo> => {
    server.listen(port, host);
    await once(server, 'listening');
    return server.address() as AddressInfo;
  };
  const shut = async (): Promise<void> => {
    const drained = new AbortController();
    server.close(() => drained.abort());
    server.closeIdleConnections();
    await clock.sleep(DRAIN_MS, drained.signal);
    for (const socket of sockets) socket.destroy();
  };
  return { open, shut };
}
