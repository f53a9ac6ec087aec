/**
 * The HTTPS server, which requests and checks client certificates as configured. HTTP/1.1 only.
 */
import { constants } from 'node:crypto';
import type { RequestListener, ServerOptions } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { isNameAllowed } from './alternative-names.ts';
import type { ClientAuth, TlsConfig } from './config/web-config.ts';

export interface TlsServer {
  readonly server: Server;
  /** Applies to new connections. */
  readonly update: (config: TlsConfig) => void;
}

/** Whether a client is accepted that presented a certificate, and one that OpenSSL verified. */
const ACCEPTS: Readonly<Record<ClientAuth, (isPresented: boolean, isVerified: boolean) => boolean>> = {
  none: () => true,
  requested: () => true,
  required: (isPresented) => isPresented,
  verified_if_given: (isPresented, isVerified) => isVerified || !isPresented,
  verified: (_isPresented, isVerified) => isVerified,
};

function isAccepted(socket: TLSSocket, { clientAuth, allowedNames }: TlsConfig): boolean {
  const certificate = socket.getPeerX509Certificate();
  const isPresented = certificate !== undefined;
  if (!ACCEPTS[clientAuth](isPresented, isPresented && socket.authorized)) return false;
  return allowedNames.length === 0 || isNameAllowed(certificate?.subjectAltName ?? '', allowedNames);
}

/**
 * No renegotiation, which costs a client little and a server much (CVE-2011-1473). No session tickets: OpenSSL does not
 * verify the certificate of a resumed session again.
 */
const SECURE_OPTIONS = constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_TICKET;

function contextOf({ context }: TlsConfig) {
  return { ...context, secureOptions: SECURE_OPTIONS };
}

/** Whether client certificates are requested cannot be changed by `update`. */
export function createTlsServer(
  options: ServerOptions,
  initial: TlsConfig,
  handshakeMs: number,
  handle: RequestListener,
): TlsServer {
  let config = initial;
  const server = createServer(
    {
      ...options,
      ...contextOf(initial),
      ALPNProtocols: ['http/1.1'],
      handshakeTimeout: handshakeMs,
      requestCert: initial.clientAuth !== 'none',
      // Node would reject every client without a verified certificate; isAccepted decides instead.
      rejectUnauthorized: false,
    },
    handle,
  );
  server.prependListener('secureConnection', (socket) => {
    if (!isAccepted(socket, config)) socket.destroy();
  });
  const update = (next: TlsConfig): void => {
    config = next;
    server.setSecureContext(contextOf(next));
  };
  return { server, update };
}
