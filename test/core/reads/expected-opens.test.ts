/**
 * The exporter's own opens that are announced.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { announceOpen } from '../../../src/core/reads/expected-opens.ts';
import { start } from './sequences.ts';

describe('an open of the exporter that is announced', () => {
  const announce = (state: ReturnType<typeof start>, monotonicMs: number) =>
    announceOpen(state, { name: 'token', isWatched: true, monotonicMs });

  it('is expected with another one in less than five seconds', () => {
    const { expected, ambiguous } = announce(announce(start(), 0), 5_000);
    assert.deepEqual([expected.get('token'), ambiguous], [2, 0]);
  });

  it('does not prolong the wait for one before it whose event never came', () => {
    const { expected, ambiguous } = announce(announce(start(), 0), 5_001);
    assert.deepEqual([expected.get('token'), ambiguous], [1, 1]);
  });
});
