/**
 * Attacks by connections: slow and silent clients, TLS, and floods of the probe port.
 */
import { constants } from 'node:crypto';
import { type Attack, get, MANY, PATHS } from './attack.ts';
import { addressOf, countStatuses, drip, open, send, sendAll, times } from './attacker.ts';

const STEADILY = { more: 'A: b\r\n', everyMs: 100 };

/** Clients that keep connections open. */
export const SLOW: readonly Attack[] = [
  {
    it: 'endless request bodies',
    size: 100,
    run: (target) =>
      drip(target, {
        ...STEADILY,
        connections: 100,
        addresses: 2,
        first: 'POST /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n',
      }),
    allowed: () => ({ 400: MANY, 401: MANY, 408: MANY, closed: MANY }),
  },
  {
    it: 'endless headers (slowloris)',
    size: 500,
    run: (target) =>
      drip(target, {
        ...STEADILY,
        connections: 500,
        addresses: 5,
        first: 'GET /metrics HTTP/1.1\r\nHost: x\r\n',
      }),
    allowed: () => ({ 408: MANY, closed: MANY }),
  },
  {
    it: '10,000 silent connections',
    size: 10_000,
    // The kernel drops some connections before they are accepted. The client notices only when it writes.
    run: (target) =>
      drip(
        { ...target, isSecure: false },
        { connections: 10_000, addresses: 250, first: '', more: 'x', everyMs: 7_000 },
      ),
    allowed: () => ({ closed: MANY }),
  },
];

/** On TLS itself. */
export const ON_TLS: readonly Attack[] = [
  {
    it: 'plain HTTP on the TLS port',
    size: 500,
    run: (target) =>
      sendAll(
        { ...target, isSecure: false },
        times(500, () => get('/metrics')),
        5,
      ),
    allowed: () => ({ closed: MANY, 400: MANY }),
  },
  {
    it: 'insecure TLS versions',
    size: 200,
    run: async (target) => {
      const tls = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
      const sockets = await Promise.all(times(200, (index) => open(target, addressOf(index % 4), tls)));
      const responses = sockets.map((socket) => (socket.readyState === 'open' ? 'HTTP/1.1 200' : ''));
      for (const socket of sockets) socket.destroy();
      return countStatuses(responses);
    },
    allowed: () => ({ closed: MANY }),
  },
  {
    it: 'TLS renegotiation',
    size: 1,
    run: async (target) => {
      const tls = { maxVersion: 'TLSv1.2', secureOptions: constants.SSL_OP_LEGACY_SERVER_CONNECT } as const;
      const socket = await open(target, addressOf(0), tls);
      if (!('renegotiate' in socket)) return {};
      const renegotiate = socket.renegotiate as (options: object, done: (error: unknown) => void) => boolean;
      const { promise, resolve } = Promise.withResolvers<string>();
      socket.once('close', () => resolve(''));
      renegotiate.call(socket, {}, (error) => resolve(error ? '' : 'HTTP/1.1 200'));
      const response = await promise;
      socket.destroy();
      return countStatuses([response]);
    },
    allowed: () => ({ closed: MANY }),
  },
];

/** On the probe port, which serves other clients at the same time. */
export const PROBE_ATTACKS: readonly Attack[] = [
  {
    it: 'other paths on the probe port',
    size: PATHS.length + 3,
    run: (target) => {
      const paths = ['/metrics', '/', '/tokens', ...PATHS];
      return sendAll(
        target,
        paths.map((path) => get(path)),
        4,
      );
    },
    allowed: () => ({ 404: MANY }),
  },
  {
    it: '100 silent connections from one address on the probe port',
    size: 100,
    run: async (target) => countStatuses(await Promise.all(times(100, () => send(target, addressOf(0), '')))),
    allowed: () => ({ closed: MANY, 408: MANY }),
  },
];

/** From so many addresses that the probe port serves no other clients until the connections are closed. */
export const PROBE_FLOODS: readonly Attack[] = [
  {
    it: '1,000 silent connections on the probe port',
    size: 1_000,
    run: async (target) =>
      countStatuses(await Promise.all(times(1_000, (index) => send(target, addressOf(index % 50), '')))),
    allowed: () => ({ closed: MANY, 408: MANY }),
  },
];
