/**
 * Listens on an address and closes gracefully.
 */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { getSystemErrorMessage } from 'node:util';
import type { ListenAddress } from '../config/option.ts';
import type { MonotonicClock } from '../util/clock.ts';
import { err, ok, type Result } from '../util/result.ts';

export interface HttpListener {
  /** The error is a message for the user, with the option to change. */
  readonly listen: () => Promise<Result<AddressInfo, string>>;
  /** Closes idle connections at once and the others when their response is complete, after 700 ms at the latest. */
  readonly close: () => Promise<void>;
}

export interface HttpListenerOptions {
  readonly server: Server;
  readonly address: ListenAddress;
  /** The option that the address is from. */
  readonly flag: string;
  readonly clock: Pick<MonotonicClock, 'sleep'>;
}

const DRAIN_TIMEOUT_MS = 700;

export function formatAddress({ host = '', port }: ListenAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** The reason in the words of the operating system; undefined if the error is not of a system call. */
function systemErrorMessage(error: unknown): string | undefined {
  const errno = error instanceof Error && 'errno' in error ? error.errno : undefined;
  return typeof errno === 'number' ? getSystemErrorMessage(errno) : undefined;
}

export function createHttpListener({ server, address, flag, clock }: HttpListenerOptions): HttpListener {
  // The server does not close connections that are still in a TLS handshake.
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const listen: HttpListener['listen'] = async () => {
    try {
      server.listen(address.port, address.host);
      await once(server, 'listening');
      return ok(server.address() as AddressInfo);
    } catch (error) {
      const message = systemErrorMessage(error);
      if (message === undefined) throw error;
      return err(`listen ${formatAddress(address)}: ${message}; set --${flag}`);
    }
  };
  const close = async (): Promise<void> => {
    const drained = new AbortController();
    server.close(() => drained.abort());
    server.closeIdleConnections();
    await clock.sleep(DRAIN_TIMEOUT_MS, drained.signal);
    for (const socket of sockets) socket.destroy();
  };
  return { listen, close };
}
