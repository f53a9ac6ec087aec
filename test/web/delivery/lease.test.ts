/**
 * One value for all work in progress.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createLease } from '../../../src/web/delivery/lease.ts';

describe('a lease', () => {
  let nowMs = 0;
  let setBy = 0;
  const start = () => {
    let made = 0;
    const make = () => {
      made += 1;
      return made;
    };
    return createLease(make, { monotonicMs: () => nowMs, now: () => setBy + nowMs / 1_000 });
  };

  it('has one value while any work is in progress', async () => {
    const { value, hold } = start();
    const [first, second] = [Promise.withResolvers<number>(), Promise.withResolvers<number>()];
    const held = [hold(first.promise), hold(second.promise)];
    assert.deepEqual([value(), value()], [1, 1]);
    first.resolve(7);
    assert.equal(await held[0], 7);
    assert.equal(value(), 1);
    second.reject(new Error('failed'));
    await assert.rejects(async () => held[1], /failed/);
    assert.equal(value(), 2);
  });

  it('has a new value once it is a second old', () => {
    const { value, hold } = start();
    void hold(new Promise(() => undefined));
    assert.equal(value(), 1);
    nowMs += 999;
    assert.equal(value(), 1);
    nowMs += 1;
    assert.equal(value(), 2);
  });

  it('has a new value after the clock was set', () => {
    const { value, hold } = start();
    void hold(new Promise(() => undefined));
    assert.equal(value(), 1);
    setBy += 60;
    assert.equal(value(), 2);
    setBy -= 3_600;
    assert.equal(value(), 3);
    assert.equal(value(), 3);
  });
});
