/**
 * What the loop of the thread does now and then, with a clock of its own and without events.
 */
import assert from 'node:assert/strict';
import { openSync } from 'node:fs';
import { describe, it } from 'mocha';
import { SHARED, SHARED_WORDS } from '../../../../src/sources/reads/protocol.ts';
import type { Libc } from '../../../../src/sources/reads/thread/libc.ts';
import { runWatchLoop } from '../../../../src/sources/reads/thread/watch-loop.ts';
import { err, ok } from '../../../../src/util/result.ts';

/** Runs the loop for so many seconds. Returns when it collected garbage. */
function collectionsIn(seconds: number): readonly number[] {
  const shared = new Int32Array(new SharedArrayBuffer(4 * SHARED_WORDS));
  const collections: number[] = [];
  let nowMs = 0;
  const libc: Partial<Libc> = {
    inotifyInit: () => ok(openSync('/dev/null', 'r')),
    poll: (_, timeoutMs) => {
      nowMs += timeoutMs;
      if (nowMs >= seconds * 1_000) Atomics.store(shared, SHARED.isStopped, 1);
      return false;
    },
    read: () => 0,
    inotifyAddWatch: () => err('ENOENT'),
  };
  const failure = runWatchLoop({
    libc: libc as Libc,
    program: '/',
    receive: () => undefined,
    post: () => undefined,
    shared,
    now: () => nowMs,
    monotonicMs: () => nowMs,
    collectGarbage: () => collections.push(nowMs / 1_000),
  });
  assert.equal(failure, undefined);
  return collections;
}

describe('the loop of the thread that watches reads', () => {
  it('collects garbage once the volumes are watched, and every ten minutes', () => {
    assert.deepEqual(collectionsIn(1_300), [5, 605, 1_205]);
  });
});
