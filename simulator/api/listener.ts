/**
 * An HTTP listener on the loopback that can be closed, with all its connections, and reopened on the same port.
 */
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';

export interface TlsOptions {
  /** Both in PEM. */
  readonly key: string;
  readonly cert: string;
}

export interface Listener {
  readonly url: () => string;
  /** Takes a free port the first time and the same port from then on. */
  readonly listen: () => Promise<void>;
  readonly close: () => Promise<void>;
}

const LOOPBACK = '127.0.0.1';

async function listenOn(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, LOOPBACK, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return (server.address() as AddressInfo).port;
}

export function createListener(handle: RequestListener, tls: TlsOptions | undefined): Listener {
  const server = tls === undefined ? createServer(handle) : createTlsServer(tls, handle);
  const scheme = tls === undefined ? 'http' : 'https';
  let port = 0;
  return {
    url: () => `${scheme}://${LOOPBACK}:${port}`,
    listen: async () => {
      port = await listenOn(server, port);
    },
    close: async () => {
      if (!server.listening) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      server.closeAllConnections();
      await promise;
    },
  };
}
