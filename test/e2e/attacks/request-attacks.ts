/**
 * Attacks by HTTP requests: guessed credentials, paths and methods around authentication, malformed requests.
 */
import { basic } from '../../support/credentials.ts';
import { request } from '../../support/http.ts';
import { type Attack, get, MANY, METHODS, PATHS } from './attack.ts';
import { flood, sendAll, times } from './attacker.ts';

/** Passwords that are verified: a burst of 5 and one per 5 s for a client, a burst of 20 and one per second for all. */
const guessesOfOne = (seconds: number): number => 5 + Math.ceil(seconds / 5);
const guessesOfAll = (seconds: number): number => 20 + Math.ceil(seconds);

/** Each attack has its own `label`, because rejections of passwords from an earlier attack are cached. */
function guess(label: string, user: (index: number) => string) {
  return (index: number): string =>
    get('/metrics', `Authorization: ${basic(user(index), `${label} ${index}`)}`);
}

/** Without valid credentials. */
export const UNAUTHENTICATED: readonly Attack[] = [
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
];

/** With a valid password. */
export const AUTHENTICATED: readonly Attack[] = [
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
