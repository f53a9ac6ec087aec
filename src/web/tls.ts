/**
 * The server over TLS, which asks clients for certificates as the configuration says.
 *
 * Speaks HTTP/1.1 alone. Knows nothing of where certificates come from.
 */
import { constants } from 'node:crypto';
import type { RequestListener, ServerOptions } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { isNameAllowed } from './alternative-names.ts';
import type { ClientAuth, TlsConfig } from './config/web-config.ts';

export interface TlsServer {
  readonly server: Server;
  /** Who connects from now on is shown these certificates and asked for those. */
  readonly renew: (settings: TlsConfig) => void;
}

/** What a client must have shown, by what is asked for. OpenSSL has verified what there was. */
const ENOUGH: Readonly<Record<ClientAuth, (isShown: boolean, isVerified: boolean) => boolean>> = {
  none: () => true,
  requested: () => true,
  required: (isShown) => isShown,
  verified_if_given: (isShown, isVerified) => isVerified || !isShown,
  verified: (_isShown, isVerified) => isVerified,
};

function isWelcome(socket: TLSSocket, { clientAuth, allowedNames }: TlsConfig): boolean {
  const certificate = socket.getPeerX509Certificate();
  const isShown = certificate !== undefined;
  if (!ENOUGH[clientAuth](isShown, isShown && socket.authorized)) return false;
  return allowedNames.length === 0 || isNameAllowed(certificate?.subjectAltName ?? '', allowedNames);
}

/**
 * Keys are agreed upon once for a connection: to do so again costs a client little and a server much (CVE-2011-1473). Nor
 * does a connection go on with the session of another: OpenSSL would not look again whether a certificate still holds.
 */
const ONCE = constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_TICKET;

function contextOf({ context }: TlsConfig) {
  return { ...context, secureOptions: ONCE };
}

/** Makes the server, not yet listening. Whether certificates are asked for stays as it is now. */
export function createTlsServer(
  options: ServerOptions,
  initially: TlsConfig,
  handshakeMs: number,
  handle: RequestListener,
): TlsServer {
  let settings = initially;
  const server = createServer(
    {
      ...options,
      ...contextOf(initially),
      ALPNProtocols: ['http/1.1'],
      handshakeTimeout: handshakeMs,
      requestCert: initially.clientAuth !== 'none',
      // Node would turn away whoever has no good certificate; here that depends.
      rejectUnauthorized: false,
    },
    handle,
  );
  server.prependListener('secureConnection', (socket) => {
    if (!isWelcome(socket, settings)) socket.destroy();
  });
  const renew = (next: TlsConfig): void => {
    settings = next;
    server.setSecureContext(contextOf(next));
  };
  return { server, renew };
}
