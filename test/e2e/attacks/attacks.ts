/**
 * The table of attacks on the port of the metrics: what is sent, how much of it, and what may come back.
 */
import { constants } from 'node:crypto';
import { basic } from '../../support/credentials.ts';
import { request } from '../../support/http.ts';
import {
  type Answers,
  addressOf,
  count,
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
  /** Requests or connections. */
  readonly size: number;
  readonly run: (target: Target) => Promise<Answers>;
  /** What may come back, and how often at most. */
  readonly answers: Answers;
}

const MANY = Number.POSITIVE_INFINITY;
/** At once, and what comes in again while an attack lasts, which is no more than some seconds. */
const GUESSES = { ofOne: 5 + 3, ofAll: 20 + 15 };

const STEADILY = { more: 'A: b\r\n', everyMs: 100 };

function get(path: string, ...headers: readonly string[]): string {
  return request(`GET ${path} HTTP/1.1`, ...headers);
}

function guess(user: (index: number) => string) {
  return (index: number): string => get('/metrics', `Authorization: ${basic(user(index), `guess ${index}`)}`);
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

/** Needs no credentials to be sent. */
const AS_NOBODY: readonly Attack[] = [
  {
    it: 'requests without credentials',
    size: 4_000,
    run: (target) =>
      sendAll(
        target,
        flood(40, 100, () => get('/metrics')),
        4,
      ),
    answers: { 401: MANY },
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
    answers: { 401: MANY },
  },
  {
    it: 'another password each time, from one address',
    size: 2_000,
    run: (target) =>
      sendAll(
        target,
        flood(
          20,
          100,
          guess(() => 'prom'),
        ),
      ),
    answers: { 401: GUESSES.ofOne, 429: MANY },
  },
  {
    it: 'another password each time, from 250 addresses',
    size: 2_500,
    run: (target) =>
      sendAll(
        target,
        flood(
          250,
          10,
          guess(() => 'prom'),
        ),
        250,
      ),
    answers: { 401: GUESSES.ofAll, 429: MANY },
  },
  {
    it: 'another user each time',
    size: 1_000,
    run: (target) =>
      sendAll(
        target,
        flood(
          10,
          100,
          guess((index) => `user-${index}`),
        ),
        10,
      ),
    answers: { 401: GUESSES.ofAll, 429: MANY },
  },
  {
    it: 'credentials that are none',
    size: 600,
    run: (target) => {
      const texts = [
        'Basic',
        'Basic !',
        'Basic cHJvbQ==',
        'Bearer x',
        `Basic ${'A'.repeat(8_000)}`,
        'Digest a="b"',
      ];
      return sendAll(
        target,
        flood(6, 100, (index) => get('/', `Authorization: ${texts[index % texts.length]}`)),
      );
    },
    answers: { 401: MANY, 429: MANY },
  },
  {
    it: 'paths around the guard',
    size: PATHS.length,
    run: (target) =>
      sendAll(
        target,
        PATHS.map((path) => get(path)),
      ),
    answers: { 401: MANY },
  },
  {
    it: 'targets without a path',
    size: 3,
    run: (target) =>
      sendAll(
        target,
        ['http://[::1', 'http://a:b/metrics', '*'].map((path) => get(path)),
      ),
    answers: { 400: MANY, 401: MANY },
  },
  {
    it: 'methods around the guard',
    size: METHODS.length,
    run: (target) =>
      sendAll(
        target,
        METHODS.map((method) => request(`${method} /metrics HTTP/1.1`)),
      ),
    answers: { 401: MANY },
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
    answers: { 431: MANY, closed: MANY },
  },
  {
    it: 'a request within a request',
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
    answers: { 400: MANY, closed: MANY },
  },
  {
    it: 'HTTP/2 without having been offered it',
    size: 50,
    run: (target) =>
      sendAll(
        target,
        times(50, () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
      ),
    answers: { 400: MANY, closed: MANY },
  },
  {
    it: 'a body without an end',
    size: 100,
    run: (target) =>
      drip(target, {
        ...STEADILY,
        connections: 100,
        addresses: 2,
        first: 'POST /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n',
      }),
    answers: { 400: MANY, 401: MANY, 408: MANY, closed: MANY },
  },
  {
    it: 'headers without an end (slowloris)',
    size: 500,
    run: (target) =>
      drip(target, {
        ...STEADILY,
        connections: 500,
        addresses: 5,
        first: 'GET /metrics HTTP/1.1\r\nHost: x\r\n',
      }),
    answers: { 408: MANY, closed: MANY },
  },
  {
    it: 'ten thousand connections that say nothing',
    size: 10_000,
    // The kernel forgets some that it never let in, and their owner hears of that only when it says something.
    run: (target) =>
      drip(
        { ...target, isSecure: false },
        { connections: 10_000, addresses: 250, first: '', more: 'x', everyMs: 7_000 },
      ),
    answers: { closed: MANY },
  },
];

/** On TLS itself. */
const ON_TLS: readonly Attack[] = [
  {
    it: 'plain HTTP where TLS is spoken',
    size: 500,
    run: (target) =>
      sendAll(
        { ...target, isSecure: false },
        times(500, () => get('/metrics')),
        5,
      ),
    answers: { closed: MANY, 400: MANY },
  },
  {
    it: 'a version of TLS that is not safe',
    size: 200,
    run: async (target) => {
      const tls = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
      const sockets = await Promise.all(times(200, (index) => open(target, addressOf(index % 4), tls)));
      const spoken = sockets.map((socket) => (socket.readyState === 'open' ? 'HTTP/1.1 200' : ''));
      for (const socket of sockets) socket.destroy();
      return count(spoken);
    },
    answers: { closed: MANY },
  },
  {
    it: 'keys agreed upon again and again in one connection',
    size: 1,
    run: async (target) => {
      const tls = { maxVersion: 'TLSv1.2', secureOptions: constants.SSL_OP_LEGACY_SERVER_CONNECT } as const;
      const socket = await open(target, addressOf(0), tls);
      if (!('renegotiate' in socket)) return {};
      const renegotiate = socket.renegotiate as (options: object, done: (error: unknown) => void) => boolean;
      const { promise, resolve } = Promise.withResolvers<string>();
      socket.once('close', () => resolve(''));
      renegotiate.call(socket, {}, (error) => resolve(error ? '' : 'HTTP/1.1 200'));
      const answer = await promise;
      socket.destroy();
      return count([answer]);
    },
    answers: { closed: MANY },
  },
];

/** By somebody who has a password, and wants more than it is for. */
const AS_SOMEBODY: readonly Attack[] = [
  {
    it: 'paths to what is not there, with the right password',
    size: PATHS.length,
    run: (target) =>
      sendAll(
        target,
        PATHS.map((path) => get(path, `Authorization: ${basic('prom')}`)),
      ),
    answers: { 404: MANY },
  },
  {
    it: 'methods that change something, with the right password',
    size: METHODS.length,
    run: (target) =>
      sendAll(
        target,
        METHODS.map((method) => request(`${method} /metrics HTTP/1.1`, `Authorization: ${basic('prom')}`)),
      ),
    answers: { 405: MANY },
  },
];

export const ATTACKS: readonly Attack[] = [...AS_NOBODY, ...ON_TLS, ...AS_SOMEBODY];

/** On the port of the probes, whose answers others get meanwhile. */
export const PROBE_ATTACKS: readonly Attack[] = [
  {
    it: 'everything but probes, on their port',
    size: PATHS.length + 3,
    run: (target) => {
      const paths = ['/metrics', '/', '/api/v1/tokens', ...PATHS];
      return sendAll(
        target,
        paths.map((path) => get(path)),
        4,
      );
    },
    answers: { 404: MANY },
  },
  {
    it: 'a hundred connections of one address that say nothing, on the port of the probes',
    size: 100,
    run: async (target) => count(await Promise.all(times(100, () => send(target, addressOf(0), '')))),
    answers: { closed: MANY, 408: MANY },
  },
];

/** On the same port, from so many addresses that nobody else gets in before they are cut. */
export const PROBE_FLOODS: readonly Attack[] = [
  {
    it: 'a thousand connections that say nothing, on the port of the probes',
    size: 1_000,
    run: async (target) =>
      count(await Promise.all(times(1_000, (index) => send(target, addressOf(index % 50), '')))),
    answers: { closed: MANY, 408: MANY },
  },
];
