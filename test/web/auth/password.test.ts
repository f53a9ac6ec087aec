/**
 * Passwords against bcrypt hashes, and the queue in which they are checked.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { oneAtATime, verifyPassword } from '../../../src/web/auth/password.ts';
import { HASH } from '../../support/credentials.ts';

describe('verifyPassword', () => {
  /** From Apache's htpasswd, with each version letter. */
  const vectors = [
    { password: 'secret', hash: HASH },
    { password: 'secret', hash: HASH.replace('$2y$', '$2b$') },
    { password: 'secret', hash: HASH.replace('$2y$', '$2a$') },
    // From the test vectors of OpenBSD's bcrypt, as published by Solar Designer.
    { password: 'U*U', hash: '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW' },
    { password: 'U*U*', hash: '$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK' },
    { password: 'U*U*U', hash: '$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a' },
  ];
  for (const { password, hash } of vectors) {
    it(`accepts ${password} and nothing longer for the hash ${hash.slice(0, 12)}...`, async () => {
      assert.equal(await verifyPassword(Buffer.from(password), hash), true);
      assert.equal(await verifyPassword(Buffer.from(`${password}x`), hash), false);
    });
  }

  it('uses the first 72 bytes of a password, as bcrypt does', async () => {
    const hash = '$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui';
    const long = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
    assert.equal(await verifyPassword(Buffer.from(long), hash), true);
    assert.equal(await verifyPassword(Buffer.from(`${long}chars after 72 are ignored`), hash), true);
    assert.equal(await verifyPassword(Buffer.from(long.slice(0, 71)), hash), false);
  });
});

describe('oneAtATime', () => {
  it('runs one call at a time', async () => {
    let running = 0;
    const run = oneAtATime(async (): Promise<number> => {
      running += 1;
      await Promise.resolve();
      const concurrent = running;
      running -= 1;
      return concurrent;
    });
    assert.deepEqual(await Promise.all([run(), run(), run()]), [1, 1, 1]);
  });

  it('lets pending events be handled between two calls', async () => {
    const order: string[] = [];
    const run = oneAtATime(async (name: string): Promise<void> => {
      order.push(name);
      setImmediate(() => order.push(`event after ${name}`));
    });
    await Promise.all([run('a'), run('b')]);
    assert.deepEqual(order, ['a', 'event after a', 'b']);
  });

  it('proceeds with the next call after one is rejected', async () => {
    const run = oneAtATime(async (isBroken: boolean) => {
      if (isBroken) throw new Error('broken');
      return 'done';
    });
    const broken = run(true);
    const next = run(false);
    await assert.rejects(broken, /broken/);
    assert.equal(await next, 'done');
  });
});
