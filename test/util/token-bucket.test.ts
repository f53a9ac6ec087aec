/**
 * Rate limits: how often each key may do something, and how long it has to wait otherwise.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createRateLimiter, type RateLimiterOptions } from '../../src/util/token-bucket.ts';
import { createFakeClock } from '../support/fake-clock.ts';

const UNLIMITED = { burst: 1_000_000, intervalMs: 0 };

function create(options: Partial<RateLimiterOptions> = {}) {
  const clock = createFakeClock();
  const perKey = { burst: 3, intervalMs: 2_000 };
  const { monotonicMs } = clock;
  const { take } = createRateLimiter({ perKey, overall: UNLIMITED, maxKeys: 10, monotonicMs, ...options });
  const takeMany = (times: number, key = 'a') => Array.from({ length: times }, () => take(key));
  return { clock, take, takeMany };
}

describe('the rate limiter', () => {
  it('grants a burst, then returns how long to wait without taking a token', () => {
    const { takeMany } = create();
    assert.deepEqual(takeMany(6), [0, 0, 0, 2_000, 2_000, 2_000]);
  });

  it('grants one more at the time it returned, and not before', async () => {
    const { clock, take, takeMany } = create();
    takeMany(3);
    await clock.advance(1_999);
    assert.equal(take('a'), 1);
    await clock.advance(1);
    assert.deepEqual([take('a'), take('a')], [0, 2_000]);
  });

  it('refills up to the burst and no further', async () => {
    const { clock, takeMany } = create();
    takeMany(3);
    await clock.advance(5_999);
    assert.deepEqual(takeMany(3), [0, 0, 1]);
    await clock.advance(1_000_000);
    assert.deepEqual(takeMany(4), [0, 0, 0, 2_000]);
  });

  it('has a bucket for each key', () => {
    const { takeMany } = create();
    takeMany(3, 'a');
    assert.deepEqual(takeMany(4, 'b'), [0, 0, 0, 2_000]);
  });

  it('limits all keys together, and a denied request takes nothing of either limit', async () => {
    const { clock, take, takeMany } = create({ overall: { burst: 4, intervalMs: 1_000 } });
    assert.deepEqual(takeMany(5, 'a'), [0, 0, 0, 2_000, 2_000]);
    assert.deepEqual(takeMany(2, 'b'), [0, 1_000]);
    await clock.advance(1_000);
    // Denied by the overall limit, the key still has two tokens of its own.
    assert.deepEqual([take('b'), take('b')], [0, 1_000]);
    await clock.advance(1_000);
    assert.equal(take('b'), 0);
  });

  it('limits each key alone if there is no overall limit', () => {
    const clock = createFakeClock();
    const perKey = { burst: 1, intervalMs: 5_000 };
    const { take } = createRateLimiter({ perKey, maxKeys: 1_000, monotonicMs: clock.monotonicMs });
    const keys = Array.from({ length: 1_000 }, (_, index) => `key-${index}`);
    assert.deepEqual(new Set(keys.map(take)), new Set([0]));
    assert.deepEqual(new Set(keys.map(take)), new Set([5_000]));
  });

  it('returns the longer of two waits', () => {
    const { takeMany } = create({ overall: { burst: 3, intervalMs: 10_000 } });
    assert.equal(takeMany(4).at(-1), 10_000);
  });

  it('forgets the key used longest ago, denied or not, and no other', () => {
    const { take, takeMany } = create({ maxKeys: 2 });
    takeMany(4, 'a');
    takeMany(4, 'b');
    take('a');
    take('c');
    assert.equal(take('a'), 2_000);
    assert.equal(take('b'), 0);
  });

  it('holds ten thousand keys to the overall limit', () => {
    const { take } = create({ overall: { burst: 20, intervalMs: 1_000 }, maxKeys: 10 });
    const granted = Array.from({ length: 10_000 }, (_, index) => take(`10.0.${index >> 8}.${index & 255}`));
    assert.equal(granted.filter((wait) => wait === 0).length, 20);
  });

  it('never grants more than the burst and the rate, however often it is called', async () => {
    const { clock, take } = create({ perKey: { burst: 3, intervalMs: 333 } });
    let granted = 0;
    for (let step = 0; step < 1_000; step += 1) {
      if (take('a') === 0) granted += 1;
      await clock.advance(7);
    }
    assert.ok(granted <= 3 + 21 && granted >= 21, String(granted));
  });
});
