/**
 * The table of attacks on the exporter: what is sent, and which responses are allowed.
 */
import { constants } from 'node:crypto';
import { basic } from '../../support/credentials.ts';
import { request } from '../../support/http.ts';
import {
  addressOf,
  type Counts,
  countStatuses,
  drip,
  flood,
  open,
  send,
  sendAll,
  type Target,
  times,
} from './attacker.ts';

export interface Attack {
  readonly it: string;
  /** Number of requests or connections. */
  readonly size: number;
  readonly run: (target: Target) => Promise<Counts>;
  /** The maximum number of responses by status for an attack of this duration. */
  readonly allowed: (seconds: number) => Counts;
}

const MANY = Number.POSITIVE_INFINITY;
/** Passwords that are verified: a burst of 5 and one per 5 s for a client, a burst of 20 and one per second for all. */
const guessesOfOne = (seconds: number): number => 5 + Math.ceil(seconds / 5);
const guessesOfAll = (seconds: number): number => 20 + Math.ceil(seconds);

const STEADILY = { more: 'A: b\r\n', everyMs: 100 };

function get(path: string, ...headers: readonly string[]): string {
  return request(`GET ${path} HTTP/1.1`, ...headers);
}

/** Each attack has its own `label`, because rejections of passwords from an earlier attack are cached. */
function guess(label: string, user: (index: number) => string) {
  return (index: number): string =>
    get('/metrics', `Authorization: ${basic(user(index), `${label} ${index}`)}`);
}

const PATHS = [
  '//metrics',
  '/./metrics',
  '/healthz/../metrics',
  '/metrics/..;/metrics',
  '/%6detrics',
  '/metrics%00',
  '/metrics%2f',
  '/METRICS',
  '/metrics;a=b',
  '/\\metrics',
  'http://127.0.0.1/metrics/x',
  '/api/v1/tokens/../../metrics',
  '/debug/pprof',
  '/%c0%ae%c0%ae/etc/passwd',
  '/../../../../var/lib/kubelet/pods',
];
const METHODS = ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'];

/** Without valid credentials. */
const UNAUTHENTICATED: readonly Attack[] = [
  {
    it: 'requests without credentials',
    size: 4_000,
    run: (target) =>
      sendAll(
        target,
        flood(40, 100, () => get('/metrics')),
        4,
      ),
    allowed: () => ({ 401: MANY }),
  },
  {
    it: 'the same wrong password',
    size: 2_000,
    run: (target) =>
      sendAll(
        target,
        flood(20, 100, () => get('/metrics', `Authorization: ${basic('prom', 'wrong')}`)),
        4,
      ),
    allowed: () => ({ 401: MANY }),
  },
  {
    it: 'a different password each time from one address',
    size: 2_000,
    run: (target) =>
      sendAll(
        target,
        flood(
          20,
          100,
          guess('one address', () => 'prom'),
        ),
      ),
    allowed: (seconds) => ({ 401: guessesOfOne(seconds), 429: MANY }),
  },
  {
    it: 'a different password each time from 250 addresses',
    size: 2_500,
    run: (target) =>
      sendAll(
        target,
        flood(
          250,
          10,
          guess('many addresses', () => 'prom'),
        ),
        250,
      ),
    allowed: (seconds) => ({ 401: guessesOfAll(seconds), 429: MANY }),
  },
  {
    it: 'a different user each time',
    size: 1_000,
    run: (target) =>
      sendAll(
        target,
        flood(
          10,
          100,
          guess('many users', (index) => `user-${index}`),
        ),
        10,
      ),
    allowed: (seconds) => ({ 401: guessesOfAll(seconds), 429: MANY }),
  },
  {
    it: 'malformed credentials',
    size: 600,
    run: (target) => {
      const headers = [
        'Basic',
        'Basic !',
        'Basic cHJvbQ==',
        'Bearer x',
        `Basic ${'A'.repeat(8_000)}`,
        'Digest a="b"',
      ];
      return sendAll(
        target,
        flood(6, 100, (index) => get('/', `Authorization: ${headers[index % headers.length]}`)),
      );
    },
    allowed: () => ({ 401: MANY, 429: MANY }),
  },
  {
    it: 'paths that try to bypass authentication',
    size: PATHS.length,
    run: (target) =>
      sendAll(
        target,
        PATHS.map((path) => get(path)),
      ),
    allowed: () => ({ 401: MANY }),
  },
  {
    it: 'request targets without a path',
    size: 3,
    run: (target) =>
      sendAll(
        target,
        ['http://[::1', 'http://a:b/metrics', '*'].map((path) => get(path)),
      ),
    allowed: () => ({ 400: MANY, 401: MANY }),
  },
  {
    it: 'methods that try to bypass authentication',
    size: METHODS.length,
    run: (target) =>
      sendAll(
        target,
        METHODS.map((method) => request(`${method} /metrics HTTP/1.1`)),
      ),
    allowed: () => ({ 401: MANY }),
  },
  {
    it: 'headers of 20 kB',
    size: 200,
    run: (target) =>
      sendAll(
        target,
        times(200, () => get('/metrics', `X: ${'x'.repeat(20_000)}`)),
        4,
      ),
    allowed: () => ({ 431: MANY, closed: MANY }),
  },
  {
    it: 'request smuggling',
    size: 4,
    run: (target) => {
      const inner = get('/metrics');
      return sendAll(target, [
        `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${inner.length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner}`,
        `GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`,
        `GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n${inner}`,
        `GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n${inner}`,
      ]);
    },
    allowed: () => ({ 400: MANY, closed: MANY }),
  },
  {
    it: 'HTTP/2 without negotiation',
    size: 50,
    run: (target) =>
      sendAll(
        target,
        times(50, () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
      ),
    allowed: () => ({ 400: MANY, closed: MANY }),
  },
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
const ON_TLS: readonly Attack[] = [
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

/** With a valid password. */
const AUTHENTICATED: readonly Attack[] = [
  {
    it: 'unknown paths with a valid password',
    size: PATHS.length,
    run: (target) =>
      sendAll(
        target,
        PATHS.map((path) => get(path, `Authorization: ${basic('prom')}`)),
      ),
    allowed: () => ({ 404: MANY }),
  },
  {
    it: 'other methods with a valid password',
    size: METHODS.length,
    run: (target) =>
      sendAll(
        target,
        METHODS.map((method) => request(`${method} /metrics HTTP/1.1`, `Authorization: ${basic('prom')}`)),
      ),
    allowed: () => ({ 405: MANY }),
  },
];

export const ATTACKS: readonly Attack[] = [...UNAUTHENTICATED, ...ON_TLS, ...AUTHENTICATED];

/** On the probe port, which serves other clients at the same time. */
export const PROBE_ATTACKS: readonly Attack[] = [
  {
    it: 'other paths on the probe port',
    size: PATHS.length + 3,
    run: (target) => {
      const paths = ['/metrics', '/', '/api/v1/tokens', ...PATHS];
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
