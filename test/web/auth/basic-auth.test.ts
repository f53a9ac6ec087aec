/**
 * Basic authentication: which credentials it accepts, what a guess costs, and what is cached.
 */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { err, ok } from '../../../src/util/result.ts';
import { createBasicAuth } from '../../../src/web/auth/basic-auth.ts';
import {
  type ConcurrencyLimiter,
  createConcurrencyLimiter,
} from '../../../src/web/auth/concurrency-limiter.ts';
import type { Guard } from '../../../src/web/auth/guard.ts';
import { verifyPassword } from '../../../src/web/auth/password.ts';
import { basic, HASH, OTHER_HASH } from '../../support/credentials.ts';

describe('basic authentication', () => {
  let users: ReadonlyMap<string, string>;
  let verified: string[];
  let errors: unknown[];
  let waitMs: number;
  let acquired: string[];
  let accepted: string[];
  let gate: Promise<void>;
  let guard: Guard;

  const limiter: ConcurrencyLimiter = {
    acquire: (_recheckKey, remoteAddress) => {
      acquired.push(remoteAddress ?? '');
      return waitMs > 0 ? err(waitMs) : ok(() => void acquired.pop());
    },
    noteAccepted: (remoteAddress) => accepted.push(remoteAddress ?? ''),
  };

  beforeEach(() => {
    users = new Map([['prom', HASH]]);
    [verified, errors, acquired, accepted, waitMs, gate] = [[], [], [], [], 0, Promise.resolve()];
    guard = createBasicAuth({
      users: () => users,
      verify: async (password, hash) => {
        verified.push(Buffer.from(password).toString());
        await gate;
        return verifyPassword(password, hash);
      },
      limiter,
      onError: (error) => errors.push(error),
    });
  });
  afterEach(() => assert.deepEqual(errors, []));

  const ask = async (authorization?: string, remoteAddress = '192.0.2.1') => {
    const rejection = await guard({ authorization, remoteAddress });
    return rejection?.status ?? 200;
  };

  const cases: readonly (readonly [title: string, authorization: string | undefined, status: number])[] = [
    ['no header', undefined, 401],
    ['an empty header', '', 401],
    ['the right password', basic('prom'), 200],
    ['the right password with the scheme in capitals', `BASIC   ${basic('prom').slice(6)}`, 200],
    ['a wrong password', basic('prom', 'Secret'), 401],
    ['the password with a trailing space', basic('prom', 'secret '), 401],
    ['an empty password', basic('prom', ''), 401],
    ['an unknown user', basic('root', 'secret'), 401],
    ['a property name of every object as user', basic('__proto__', 'secret'), 401],
    ['a user without a colon', `Basic ${Buffer.from('prom').toString('base64')}`, 401],
    ['credentials that are not base64', 'Basic prom:secret', 401],
    ['a header with text after the base64', `${basic('prom')} x`, 401],
    ['another scheme', 'Bearer abc', 401],
    ['the hash as password', basic('prom', HASH), 401],
  ];
  for (const [title, authorization, status] of cases) {
    it(`returns ${status} for ${title}`, async () => assert.equal(await ask(authorization), status));
  }

  it('returns the challenge of basic authentication', async () => {
    const request = { authorization: undefined, remoteAddress: undefined };
    const rejection = await guard(request);
    assert.match(rejection?.headers['WWW-Authenticate'] ?? '', /^Basic realm=/);
  });

  it('verifies a password once, right or wrong', async () => {
    for (const expected of [200, 200]) assert.equal(await ask(basic('prom')), expected);
    for (const expected of [401, 401]) assert.equal(await ask(basic('prom', 'guess')), expected);
    assert.deepEqual(verified, ['secret', 'guess']);
    assert.deepEqual(acquired, []);
  });

  it('verifies a password once for a hundred concurrent requests', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    const all = Array.from({ length: 100 }, () => ask(basic('prom')));
    resolve();
    assert.deepEqual(new Set(await Promise.all(all)), new Set([200]));
    assert.deepEqual(verified, ['secret']);
  });

  it('verifies an unknown user at the highest cost of all users', async () => {
    users = new Map([
      ['a', HASH],
      ['b', HASH.replace('$05$', '$08$')],
    ]);
    const hashes: string[] = [];
    const spied = createBasicAuth({
      users: () => users,
      verify: async (_password, hash) => hashes.push(hash) < 0,
      limiter,
      onError: (error) => errors.push(error),
    });
    await spied({ authorization: basic('unknown', 'x'), remoteAddress: '' });
    assert.equal(hashes[0]?.slice(0, 7), '$2b$08$');
    assert.equal(hashes[0]?.length, 60);
    assert.equal(await verifyPassword(Buffer.from('x'), String(hashes[0])), false);
  });

  it('returns 429 if the limiter has no slot, but accepts credentials it has cached', async () => {
    assert.equal(await ask(basic('prom')), 200);
    waitMs = 1_500;
    const rejection = await guard({
      authorization: basic('prom', 'guess'),
      remoteAddress: '192.0.2.9',
    });
    assert.deepEqual(rejection, { status: 429, headers: { 'Retry-After': '2' } });
    assert.equal(await ask(basic('prom')), 200);
    assert.deepEqual(verified, ['secret']);
    assert.deepEqual(acquired, ['192.0.2.9']);
    assert.deepEqual(accepted, ['192.0.2.1', '192.0.2.1']);
  });

  it('verifies a changed password of a recently accepted client during a flood of guesses', async () => {
    let nowMs = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    guard = createBasicAuth({
      users: () => users,
      verify: async (password) => {
        await gate;
        return Buffer.from(password).toString() === 'secret';
      },
      limiter: createConcurrencyLimiter(() => nowMs),
      onError: (error) => errors.push(error),
    });
    const known = ask(basic('prom'), '192.0.2.1');
    resolve();
    assert.equal(await known, 200);
    const later = Promise.withResolvers<void>();
    gate = later.promise;
    const guesses = Array.from({ length: 40 }, (_, index) =>
      ask(basic('prom', `guess ${index}`), `192.0.2.${index + 9}`),
    );
    // The password changes while the lane of unknown clients is full.
    users = new Map([['prom', OTHER_HASH]]);
    nowMs = 1;
    const again = ask(basic('prom'), '192.0.2.1');
    later.resolve();
    const statuses = await Promise.all(guesses);
    assert.equal(statuses.filter((status) => status === 401).length, 4);
    assert.equal(statuses.filter((status) => status === 429).length, 36);
    assert.equal(await again, 200);
  });

  it('keeps the right password cached during a flood of guesses', async () => {
    assert.equal(await ask(basic('prom')), 200);
    for (let guess = 0; guess < 300; guess += 1) await ask(basic('prom', `guess ${guess}`));
    assert.equal(await ask(basic('prom')), 200);
    assert.equal(verified.filter((password) => password === 'secret').length, 1);
    assert.equal(await ask(basic('prom', 'guess 0')), 401);
    assert.equal(verified.filter((password) => password === 'guess 0').length, 2);
  });

  it('rejects a cached password after it was changed or its user removed', async () => {
    assert.equal(await ask(basic('prom')), 200);
    users = new Map([['prom', OTHER_HASH]]);
    assert.equal(await ask(basic('prom')), 401);
    users = new Map([['other', HASH]]);
    assert.equal(await ask(basic('prom')), 401);
    users = new Map([['prom', HASH]]);
    assert.equal(await ask(basic('prom')), 200);
  });

  it('rejects a request if its user is removed while the password is verified', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    const asking = ask(basic('prom'));
    users = new Map([['other', HASH]]);
    resolve();
    assert.equal(await asking, 401);
  });

  it('returns 500 if the verification throws, and caches nothing', async () => {
    let isBroken = true;
    const broken = createBasicAuth({
      users: () => users,
      verify: async () => {
        if (isBroken) throw new Error('a bug');
        return true;
      },
      limiter,
      onError: (error) => errors.push(error),
    });
    const request = { authorization: basic('prom'), remoteAddress: '' };
    assert.equal((await broken(request))?.status, 500);
    assert.deepEqual(errors.splice(0).map(String), ['Error: a bug']);
    isBroken = false;
    assert.equal(await broken(request), undefined);
  });
});
