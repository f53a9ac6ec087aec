/**
 * How much is remembered of what the API server said.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createKnown } from '../../../src/web/auth/known.ts';

const KEYS = Array.from({ length: 1_001 }, (_, index) => `key-${index}`);

describe('what is remembered of the API server', () => {
  for (const decision of ['allowed', 'unauthenticated', 'forbidden'] as const)
    it(`is ${decision} for a thousand keys, the latest`, () => {
      const known = createKnown(() => 0);
      for (const key of KEYS) known.note(key, decision);
      assert.deepEqual(
        KEYS.filter((key) => known.current(key) !== decision),
        ['key-0'],
      );
      assert.equal(KEYS.filter(known.isHeld).length, decision === 'allowed' ? 1_000 : 0);
    });

  it('is every yes, however many are refused', () => {
    const known = createKnown(() => 0);
    known.note('scraper', 'allowed');
    for (const key of KEYS) known.note(key, 'unauthenticated');
    assert.deepEqual([known.current('scraper'), known.isHeld('scraper')], ['allowed', true]);
  });

  it('is a yes that is given again before those that are not', () => {
    const known = createKnown(() => 0);
    for (const key of KEYS.slice(0, 1_000)) known.note(key, 'allowed');
    known.note('key-0', 'allowed');
    known.note('another', 'allowed');
    assert.deepEqual([known.current('key-0'), known.current('key-1')], ['allowed', undefined]);
  });
});
