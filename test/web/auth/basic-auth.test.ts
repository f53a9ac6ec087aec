/**
 * Basic authentication: who gets in, what a guess costs, and what is remembered.
 */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { type Admission, createAdmission } from '../../../src/web/auth/admission.ts';
import { createBasicAuth } from '../../../src/web/auth/basic-auth.ts';
import type { Guard } from '../../../src/web/auth/guard.ts';
import { verifyPassword } from '../../../src/web/auth/password.ts';
import { basic, HASH, OTHER_HASH } from '../../support/credentials.ts';

describe('basic authentication', () => {
  let users: ReadonlyMap<string, string>;
  let checked: string[];
  let errors: unknown[];
  let waitMs: number;
  let entered: string[];
  let welcomed: string[];
  let gate: Promise<void>;
  let guard: Guard;

  const admission: Admission = {
    enter: (_held, peer) => {
      entered.push(peer ?? '');
      return waitMs > 0 ? { ok: false, waitMs } : { ok: true, leave: () => entered.pop() };
    },
    welcome: (peer) => welcomed.push(peer ?? ''),
  };

  beforeEach(() => {
    users = new Map([['prom', HASH]]);
    [checked, errors, entered, welcomed, waitMs, gate] = [[], [], [], [], 0, Promise.resolve()];
    guard = createBasicAuth({
      users: () => users,
      verify: async (password, hash) => {
        checked.push(Buffer.from(password).toString());
        await gate;
        return verifyPassword(password, hash);
      },
      admission,
      onError: (error) => errors.push(error),
    });
  });
  afterEach(() => assert.deepEqual(errors, []));

  const ask = async (authorization?: string, peer = '192.0.2.1') => {
    const refusal = await guard({ method: 'GET', path: '/metrics', authorization, peer });
    return refusal?.status ?? 200;
  };

  const cases: readonly (readonly [title: string, authorization: string | undefined, status: number])[] = [
    ['nothing', undefined, 401],
    ['an empty header', '', 401],
    ['the right password', basic('prom'), 200],
    ['the right password, in capitals all around', `BASIC   ${basic('prom').slice(6)}`, 200],
    ['a wrong password', basic('prom', 'Secret'), 401],
    ['more than the password', basic('prom', 'secret '), 401],
    ['no password', basic('prom', ''), 401],
    ['another user', basic('root', 'secret'), 401],
    ['the name of what every object has', basic('__proto__', 'secret'), 401],
    ['a user without a colon', `Basic ${Buffer.from('prom').toString('base64')}`, 401],
    ['no base64', 'Basic prom:secret', 401],
    ['base64 that goes on', `${basic('prom')} x`, 401],
    ['another scheme', 'Bearer abc', 401],
    ['the hash itself', basic('prom', HASH), 401],
  ];
  for (const [title, authorization, status] of cases) {
    it(`answers ${status} to ${title}`, async () => assert.equal(await ask(authorization), status));
  }

  it('says what it wants', async () => {
    const refusal = await guard({ method: 'GET', path: '/', authorization: undefined, peer: undefined });
    assert.match(refusal?.headers['WWW-Authenticate'] ?? '', /^Basic realm=/);
  });

  it('checks a password once, right or wrong', async () => {
    for (const expected of [200, 200]) assert.equal(await ask(basic('prom')), expected);
    for (const expected of [401, 401]) assert.equal(await ask(basic('prom', 'guess')), expected);
    assert.deepEqual(checked, ['secret', 'guess']);
    assert.deepEqual(entered, []);
  });

  it('checks it once for a hundred that come together', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    const all = Array.from({ length: 100 }, () => ask(basic('prom')));
    resolve();
    assert.deepEqual(new Set(await Promise.all(all)), new Set([200]));
    assert.deepEqual(checked, ['secret']);
  });

  it('checks a user who is not there as slowly as one who is', async () => {
    users = new Map([
      ['a', HASH],
      ['b', HASH.replace('$05$', '$08$')],
    ]);
    const hashes: string[] = [];
    const spied = createBasicAuth({
      users: () => users,
      verify: async (_password, hash) => hashes.push(hash) < 0,
      admission,
      onError: (error) => errors.push(error),
    });
    await spied({ method: 'GET', path: '/', authorization: basic('nobody', 'x'), peer: '' });
    assert.equal(hashes[0]?.slice(0, 7), '$2b$08$');
    assert.equal(hashes[0]?.length, 60);
    assert.equal(await verifyPassword(Buffer.from('x'), String(hashes[0])), false);
  });

  it('checks nothing for an address that has spent its budget, but lets in whom it knows', async () => {
    assert.equal(await ask(basic('prom')), 200);
    waitMs = 1_500;
    const refusal = await guard({
      method: 'GET',
      path: '/metrics',
      authorization: basic('prom', 'guess'),
      peer: '192.0.2.9',
    });
    assert.deepEqual(refusal, { status: 429, headers: { 'Retry-After': '2' } });
    assert.equal(await ask(basic('prom')), 200);
    assert.deepEqual(checked, ['secret']);
    assert.deepEqual(entered, ['192.0.2.9']);
    assert.deepEqual(welcomed, ['192.0.2.1', '192.0.2.1']);
  });

  it('keeps a place for whoever was right lately, however many guess', async () => {
    let nowMs = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    guard = createBasicAuth({
      users: () => users,
      verify: async (password) => {
        await gate;
        return Buffer.from(password).toString() === 'secret';
      },
      admission: createAdmission(() => nowMs),
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
    // Another password, and the budget of strangers is used up.
    users = new Map([['prom', OTHER_HASH]]);
    nowMs = 1;
    const again = ask(basic('prom'), '192.0.2.1');
    later.resolve();
    const statuses = await Promise.all(guesses);
    assert.equal(statuses.filter((status) => status === 401).length, 4);
    assert.equal(statuses.filter((status) => status === 429).length, 36);
    assert.equal(await again, 200);
  });

  it('does not forget who is right for all the guesses of others', async () => {
    assert.equal(await ask(basic('prom')), 200);
    for (let guess = 0; guess < 300; guess += 1) await ask(basic('prom', `guess ${guess}`));
    assert.equal(await ask(basic('prom')), 200);
    assert.equal(checked.filter((password) => password === 'secret').length, 1);
    assert.equal(await ask(basic('prom', 'guess 0')), 401);
    assert.equal(checked.filter((password) => password === 'guess 0').length, 2);
  });

  it('lets nobody in by a password that has been changed, or by one of a user who has gone', async () => {
    assert.equal(await ask(basic('prom')), 200);
    users = new Map([['prom', OTHER_HASH]]);
    assert.equal(await ask(basic('prom')), 401);
    users = new Map([['other', HASH]]);
    assert.equal(await ask(basic('prom')), 401);
    users = new Map([['prom', HASH]]);
    assert.equal(await ask(basic('prom')), 200);
  });

  it('lets nobody in who was right when they came and is not any more when that is known', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    const asking = ask(basic('prom'));
    users = new Map([['other', HASH]]);
    resolve();
    assert.equal(await asking, 401);
  });

  it('lets nobody in through a bug, and remembers nothing of it', async () => {
    let isBroken = true;
    const broken = createBasicAuth({
      users: () => users,
      verify: async () => {
        if (isBroken) throw new Error('a bug');
        return true;
      },
      admission,
      onError: (error) => errors.push(error),
    });
    const asked = { method: 'GET', path: '/', authorization: basic('prom'), peer: '' };
    assert.equal((await broken(asked))?.status, 500);
    assert.deepEqual(errors.splice(0).map(String), ['Error: a bug']);
    isBroken = false;
    assert.equal(await broken(asked), undefined);
  });
});

describe('a password against its hash', () => {
  /** Of Apache's htpasswd, under every letter of the version. */
  const vectors = [
    { password: 'secret', hash: HASH },
    { password: 'secret', hash: HASH.replace('$2y$', '$2b$') },
    { password: 'secret', hash: HASH.replace('$2y$', '$2a$') },
    // From the test vectors of OpenBSD's bcrypt, as Solar Designer published them.
    { password: 'U*U', hash: '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW' },
    { password: 'U*U*', hash: '$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK' },
    { password: 'U*U*U', hash: '$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a' },
  ];
  for (const { password, hash } of vectors) {
    it(`${password} of ${hash.slice(0, 7)}`, async () => {
      assert.equal(await verifyPassword(Buffer.from(password), hash), true);
      assert.equal(await verifyPassword(Buffer.from(`${password}x`), hash), false);
    });
  }

  it('counts as far as bcrypt goes, which is 72 bytes', async () => {
    const hash = '$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui';
    const long = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
    assert.equal(await verifyPassword(Buffer.from(long), hash), true);
    assert.equal(await verifyPassword(Buffer.from(`${long}chars after 72 are ignored`), hash), true);
    assert.equal(await verifyPassword(Buffer.from(long.slice(0, 71)), hash), false);
  });
});
