/**
 * Which checks may start while others are pending.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import {
  type ConcurrencyLimiter,
  createConcurrencyLimiter,
} from '../../../src/web/auth/concurrency-limiter.ts';

/** An address, or a key, that has not been used before. */
let used = 0;
const unused = (): string => `unused-${used++}`;
const firstCheck = (): undefined => undefined;

/** Takes slots until the limiter has no more, each for another client. */
function fill(limiter: ConcurrencyLimiter, recheckKey: () => string | undefined, client: () => string) {
  let taken = 0;
  while (taken < 100 && limiter.acquire(recheckKey(), client()).ok) taken += 1;
  return taken;
}

describe('the concurrency limiter', () => {
  const lanes = [
    { of: 'rechecks', recheckKey: unused, client: unused, slots: 2 },
    { of: 'accepted clients', recheckKey: firstCheck, client: () => 'accepted', slots: 2 },
    { of: 'unknown clients', recheckKey: firstCheck, client: unused, slots: 4 },
  ];
  for (const lane of lanes)
    it(`has ${lane.slots} slots for ${lane.of} while the other lanes are full`, () => {
      const limiter = createConcurrencyLimiter(() => 0);
      limiter.noteAccepted('accepted');
      for (const other of lanes.filter((one) => one !== lane))
        assert.equal(fill(limiter, other.recheckKey, other.client), other.slots);
      assert.equal(fill(limiter, lane.recheckKey, lane.client), lane.slots);
    });

  it('grants a slot after another is released', () => {
    const limiter = createConcurrencyLimiter(() => 0);
    const first = limiter.acquire(undefined, 'a');
    assert.ok(first.ok);
    assert.equal(fill(limiter, firstCheck, unused), 3);
    first.value();
    assert.equal(fill(limiter, firstCheck, unused), 1);
  });

  it('rechecks a thousand credentials, each once in five seconds', () => {
    let nowMs = 0;
    const limiter = createConcurrencyLimiter(() => nowMs);
    const waitMs = (key: string): number => {
      const slot = limiter.acquire(key, 'a');
      if (!slot.ok) return slot.error;
      slot.value();
      return 0;
    };
    for (let index = 0; index < 1_000; index += 1) assert.equal(waitMs(`key-${index}`), 0);
    assert.equal(waitMs('key-7'), 5_000);
    nowMs = 4_999;
    assert.equal(waitMs('key-7'), 1);
    nowMs = 5_000;
    assert.deepEqual([waitMs('key-7'), waitMs('key-7')], [0, 5_000]);
  });

  it('has one rate for all clients that have disconnected', () => {
    const limiter = createConcurrencyLimiter(() => 0);
    const waits = Array.from({ length: 6 }, () => {
      const slot = limiter.acquire(undefined, undefined);
      if (!slot.ok) return slot.error;
      slot.value();
      return 0;
    });
    assert.deepEqual(waits, [0, 0, 0, 0, 0, 5_000]);
  });

  it('remembers 256 accepted clients, and none that has disconnected', () => {
    const limiter = createConcurrencyLimiter(() => 0);
    limiter.noteAccepted(undefined);
    for (let index = 0; index < 257; index += 1) limiter.noteAccepted(`accepted-${index}`);
    assert.equal(fill(limiter, firstCheck, unused), 4);
    const isGranted = (client: string | undefined): boolean => limiter.acquire(undefined, client).ok;
    assert.deepEqual([undefined, 'accepted-0', 'accepted-1', 'accepted-256'].map(isGranted), [
      false,
      false,
      true,
      true,
    ]);
  });
});
