/**
 * The API server's door: a port of the loopback that can be shut, with everybody put out, and opened again.
 *
 * Knows nothing of what is said there.
 */
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';

export interface TlsOptions {
  /** In PEM, both. */
  readonly key: string;
  readonly cert: string;
}

export interface Listener {
  readonly url: () => string;
  /** On a free port at first, then always on the same. */
  readonly open: () => Promise<void>;
  readonly shut: () => Promise<void>;
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
    open: async () => {
      port = await listenOn(server, port);
    },
    shut: async () => {
      if (!server.listening) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      server.closeAllConnections();
      await promise;
    },
  };
}
