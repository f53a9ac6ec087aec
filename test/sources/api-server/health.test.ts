/**
 * Back-off after failures, and the runs of the source.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { ResourceState } from '../../../src/core/cluster-facts.ts';
import { createBackOff, createRunTracker } from '../../../src/sources/api-server/health.ts';
import { MINUTE, SECOND } from './fakes.ts';

/** The first delays if `random` always returns the same. */
function delays(random: number, count: number): readonly number[] {
  const backOff = createBackOff(() => random);
  return Array.from({ length: count }, backOff.nextMs);
}

describe('the back-off', () => {
  const cases = [
    { it: 'has a minimum of one second', random: 0, expected: [1, 1, 1, 1].map((s) => s * SECOND) },
    {
      it: 'has a maximum of 90 seconds, which doubles up to five minutes',
      random: 1,
      expected: [1.5, 3, 5, 5].map((minutes) => minutes * MINUTE),
    },
    {
      it: 'is spread evenly between minimum and maximum',
      random: 0.5,
      expected: [45.5, 90.5, 150.5].map((s) => s * SECOND),
    },
  ];
  for (const { it: title, random, expected } of cases)
    it(title, () => assert.deepEqual(delays(random, expected.length), expected));

  it('starts over after a reset', () => {
    const backOff = createBackOff(() => 1);
    const first = backOff.nextMs();
    backOff.nextMs();
    backOff.reset();
    assert.equal(backOff.nextMs(), first);
  });

  it('takes less than five minutes for the first two delays, so that objects do not become stale', () => {
    const [first = 0, second = 0] = delays(1, 2);
    assert.ok(first + second < 5 * MINUTE);
  });
});

const UP: ResourceState = { isUp: true };
const STARTING: ResourceState = { isUp: false, failure: 'starting' };
const DOWN: ResourceState = { isUp: false, failure: 'unreachable' };

describe('a run of the API server source', () => {
  let nowMs = 0;
  const start = () => {
    nowMs = 10_000;
    return createRunTracker(() => nowMs);
  };
  const at = (seconds: number): void => {
    nowMs = 10_000 + seconds * SECOND;
  };

  it('has no result before all resources are up or one has failed', () => {
    const runs = start();
    assert.equal(runs.lastRun(), undefined);
    runs.update([STARTING, STARTING]);
    at(1);
    runs.update([UP, STARTING]);
    assert.equal(runs.lastRun(), undefined);
  });

  it('succeeds once all resources are up, and lasts from the start until then', () => {
    const runs = start();
    runs.update([STARTING, STARTING]);
    at(1.5);
    runs.update([UP, UP]);
    assert.deepEqual(runs.lastRun(), { isSuccess: true, seconds: 1.5 });
  });

  it('keeps its result while all resources stay up', () => {
    const runs = start();
    runs.update([STARTING]);
    at(1);
    runs.update([UP]);
    const before = runs.lastRun();
    at(100);
    runs.update([UP]);
    assert.equal(runs.lastRun(), before);
  });

  it('fails as soon as one resource fails, even if others are starting', () => {
    const runs = start();
    runs.update([STARTING, STARTING]);
    at(2);
    runs.update([STARTING, DOWN]);
    assert.deepEqual(runs.lastRun(), { isSuccess: false, seconds: 2 });
  });

  it('lasts from when a resource goes down until it is up again', () => {
    const runs = start();
    runs.update([STARTING]);
    at(1);
    runs.update([UP]);
    at(60);
    runs.update([DOWN]);
    assert.deepEqual(runs.lastRun(), { isSuccess: false, seconds: 0 });
    at(90);
    runs.update([DOWN]);
    assert.deepEqual(runs.lastRun(), { isSuccess: false, seconds: 30 });
    at(95);
    runs.update([UP]);
    assert.deepEqual(runs.lastRun(), { isSuccess: true, seconds: 35 });
  });
});
