/**
 * Runs of the API server source, from the states of its resources.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { ResourceState } from '../../../src/core/cluster-facts.ts';
import { createSync } from '../../../src/sources/api-server/sync.ts';

const UP: ResourceState = { isUp: true };
const STARTING: ResourceState = { isUp: false, failure: 'starting' };
const DOWN: ResourceState = { isUp: false, failure: 'unreachable' };

describe('a run of the API server source', () => {
  let nowMs = 0;
  const start = () => {
    nowMs = 10_000;
    return createSync(() => nowMs);
  };
  const at = (seconds: number): void => {
    nowMs = 10_000 + seconds * 1_000;
  };

  it('has not ended before every resource has answered or one has failed', () => {
    const sync = start();
    assert.equal(sync.lastRun(), undefined);
    sync.update([STARTING, STARTING]);
    at(1);
    sync.update([UP, STARTING]);
    assert.equal(sync.lastRun(), undefined);
  });

  it('succeeds when everything is current, and lasts from the start until then', () => {
    const sync = start();
    sync.update([STARTING, STARTING]);
    at(1.5);
    sync.update([UP, UP]);
    assert.deepEqual(sync.lastRun(), { isSuccess: true, seconds: 1.5 });
  });

  it('keeps its result while everything stays current', () => {
    const sync = start();
    sync.update([STARTING]);
    at(1);
    sync.update([UP]);
    const before = sync.lastRun();
    at(100);
    sync.update([UP]);
    assert.equal(sync.lastRun(), before);
  });

  it('fails as soon as one resource fails, even if others have not answered', () => {
    const sync = start();
    sync.update([STARTING, STARTING]);
    at(2);
    sync.update([STARTING, DOWN]);
    assert.deepEqual(sync.lastRun(), { isSuccess: false, seconds: 2 });
  });

  it('lasts from the loss of a resource until it is current again', () => {
    const sync = start();
    sync.update([STARTING]);
    at(1);
    sync.update([UP]);
    at(60);
    sync.update([DOWN]);
    assert.deepEqual(sync.lastRun(), { isSuccess: false, seconds: 0 });
    at(90);
    sync.update([DOWN]);
    assert.deepEqual(sync.lastRun(), { isSuccess: false, seconds: 30 });
    at(95);
    sync.update([UP]);
    assert.deepEqual(sync.lastRun(), { isSuccess: true, seconds: 35 });
  });
});
