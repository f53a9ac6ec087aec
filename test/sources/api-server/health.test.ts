/**
 * How long the API server is left alone.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createBackOff } from '../../../src/sources/api-server/health.ts';
import { MINUTE, SECOND } from './fakes.ts';

/** The first waits where chance has it so. */
function waits(chance: number, count: number): readonly number[] {
  const backOff = createBackOff(() => chance);
  return Array.from({ length: count }, backOff.nextMs);
}

describe('the back-off', () => {
  const cases = [
    { it: 'may be a second, however often', chance: 0, expected: [1, 1, 1, 1].map((s) => s * SECOND) },
    {
      it: 'may be as long as a minute and a half, then twice that, then five minutes at most',
      chance: 1,
      expected: [1.5, 3, 5, 5].map((minutes) => minutes * MINUTE),
    },
    { it: 'is anything between', chance: 0.5, expected: [45.5, 90.5, 150.5].map((s) => s * SECOND) },
  ];
  for (const { it: title, chance, expected } of cases)
    it(title, () => assert.deepEqual(waits(chance, expected.length), expected));

  it('is short again once all was well', () => {
    const backOff = createBackOff(() => 1);
    const first = backOff.nextMs();
    backOff.nextMs();
    backOff.reset();
    assert.equal(backOff.nextMs(), first);
  });

  it('takes less than the five minutes after which facts are forgotten, the first two times', () => {
    const [first = 0, second = 0] = waits(1, 2);
    assert.ok(first + second < 5 * MINUTE);
  });
});
