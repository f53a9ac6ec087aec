/**
 * Back-off after failures, and the runs of the source.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { CLUSTER_FAILURES, type ResourceState } from '../../../src/core/cluster-facts.ts';
import {
  createBackOff,
  createHealth,
  createRunTracker,
  STARTING,
} from '../../../src/sources/api-server/health.ts';
import { createCallbacks, MINUTE, SECOND } from './fakes.ts';

/** The first delays if `random` always returns the same. */
function delays(random: number, count: number, isGrowing = true): readonly number[] {
  const backOff = createBackOff(() => random);
  return Array.from({ length: count }, () => backOff.nextMs(isGrowing));
}

describe('the back-off', () => {
  const cases = [
    {
      it: 'has a minimum of one second, and later of nine tenths of the maximum',
      random: 0,
      expected: [1, 216, 270, 270].map((s) => s * SECOND),
    },
    {
      it: 'has a maximum of two minutes, which doubles up to five minutes',
      random: 1,
      expected: [2, 4, 5, 5].map((minutes) => minutes * MINUTE),
    },
    {
      it: 'is spread evenly between minimum and maximum',
      random: 0.5,
      expected: [60.5, 228, 285].map((s) => s * SECOND),
    },
  ];
  for (const { it: title, random, expected } of cases)
    it(title, () => assert.deepEqual(delays(random, expected.length), expected));

  it('keeps its maximum if it does not grow', () =>
    assert.deepEqual(
      delays(1, 3, false),
      [2, 2, 2].map((minutes) => minutes * MINUTE),
    ));

  it('has another first maximum if one is given', () => {
    const backOff = createBackOff(() => 1, 18 * SECOND);
    assert.deepEqual([backOff.nextMs(true), backOff.nextMs(true)], [18 * SECOND, 36 * SECOND]);
  });

  it('starts over after a reset', () => {
    const backOff = createBackOff(() => 1);
    const first = backOff.nextMs(true);
    backOff.nextMs(true);
    backOff.reset();
    assert.equal(backOff.nextMs(true), first);
  });
});

describe('the health of a resource', () => {
  const create = () => {
    const callbacks = createCallbacks();
    const health = createHealth({ resource: 'pods', initially: STARTING, random: () => 1, callbacks });
    return { callbacks, health };
  };

  for (const failure of CLUSTER_FAILURES) {
    const isAway = ['unreachable', 'timeout', 'server_error'].includes(failure);
    it(`has ${isAway ? 'a constant' : 'a growing'} back-off after ${failure}`, () => {
      const { health } = create();
      const delays = Array.from({ length: 3 }, () => health.recordFailure({ failure, retryAfterMs: 0 }));
      assert.deepEqual(
        delays,
        (isAway ? [2, 2, 2] : [2, 4, 5]).map((minutes) => minutes * MINUTE),
      );
    });
  }

  it('waits at least as long as the API server asks', () => {
    const { health } = create();
    assert.equal(health.recordFailure({ failure: 'throttled', retryAfterMs: 7 * MINUTE }), 7 * MINUTE);
  });

  it('reports a recovery once, after a failure alone', () => {
    const { callbacks, health } = create();
    health.recordSuccess();
    health.recordReconnect();
    health.recordSuccess();
    assert.equal(callbacks.recoveries(), 0);
    health.recordFailure({ failure: 'unreachable', retryAfterMs: 0 });
    health.recordReconnect();
    assert.equal(callbacks.recoveries(), 0);
    health.recordSuccess();
    health.recordSuccess();
    assert.equal(callbacks.recoveries(), 1);
  });

  it('is down while it reconnects, but not before the first response', () => {
    const { health } = create();
    health.recordReconnect();
    assert.deepEqual(health.state(), { isUp: false, failure: 'starting' });
    health.recordSuccess();
    health.recordReconnect();
    assert.deepEqual(health.state(), { isUp: false, failure: 'reconnecting' });
  });
});

const UP: ResourceState = { isUp: true };
const RECONNECTING: ResourceState = { isUp: false, failure: 'reconnecting' };
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

  it('keeps its result while a resource reconnects, and includes that time', () => {
    const runs = start();
    runs.update([STARTING]);
    at(1);
    runs.update([UP]);
    const before = runs.lastRun();
    at(60);
    runs.update([RECONNECTING]);
    assert.equal(runs.lastRun(), before);
    at(70);
    runs.update([UP]);
    assert.deepEqual(runs.lastRun(), { isSuccess: true, seconds: 10 });
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
