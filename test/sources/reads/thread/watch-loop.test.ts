/**
 * What the loop of the thread does now and then, with a clock and events of its own.
 */
import assert from 'node:assert/strict';
import { openSync } from 'node:fs';
import { describe, it } from 'mocha';
import { SHARED, SHARED_WORDS } from '../../../../src/sources/reads/protocol.ts';
import { IN } from '../../../../src/sources/reads/thread/inotify-events.ts';
import type { Libc } from '../../../../src/sources/reads/thread/libc.ts';
import { runWatchLoop } from '../../../../src/sources/reads/thread/watch-loop.ts';
import { ok } from '../../../../src/util/result.ts';

/** The watch of the folder of the program. */
const PROGRAM = 1;
const OTHER = 2;

/** An event of a folder itself, as the kernel writes it. */
function eventBytes(watch: number, mask: number): Buffer {
  const event = Buffer.alloc(16);
  event.writeInt32LE(watch, 0);
  event.writeUInt32LE(mask | IN.isDirectory, 4);
  return event;
}

/** Runs the loop for so many seconds. `queues`: the events that come in each of them. */
function run(seconds: number, queues: ReadonlyMap<number, Buffer> = new Map()) {
  const shared = new Int32Array(new SharedArrayBuffer(4 * SHARED_WORDS));
  const collections: number[] = [];
  const readTimes: number[] = [];
  const left = new Map(queues);
  let nowMs = 0;
  const libc: Partial<Libc> = {
    inotifyInit: () => ok(openSync('/dev/null', 'r')),
    poll: (_, timeoutMs) => {
      nowMs += timeoutMs;
      if (nowMs >= seconds * 1_000) Atomics.store(shared, SHARED.isStopped, 1);
      return false;
    },
    read: (_, into) => {
      const queue = left.get(nowMs / 1_000);
      left.delete(nowMs / 1_000);
      return queue?.copy(into) ?? 0;
    },
    inotifyAddWatch: () => ok(PROGRAM),
  };
  const failure = runWatchLoop({
    libc: libc as Libc,
    program: '/',
    receive: () => undefined,
    post: ({ readAt }) => readTimes.push(readAt),
    shared,
    now: () => nowMs,
    monotonicMs: () => nowMs,
    collectGarbage: () => collections.push(nowMs / 1_000),
  });
  assert.equal(failure, undefined);
  return { collections, readTimes };
}

describe('the loop of the thread that watches reads', () => {
  it('collects garbage once the volumes are watched, and every ten minutes', () => {
    assert.deepEqual(run(1_300).collections, [5, 605, 1_205]);
  });

  it('reads the opens of each second at its end', () => {
    assert.deepEqual(run(5).readTimes, [0, 1, 2, 3, 4, 5]);
  });

  it('times opens that it keeps for the next second no later than the others', () => {
    const queues = new Map([
      [2, Buffer.concat([eventBytes(PROGRAM, IN.open), eventBytes(OTHER, IN.open)])],
      [4, eventBytes(PROGRAM, IN.closeNoWrite)],
    ]);
    assert.deepEqual(run(7, queues).readTimes, [0, 1, 2, 2, 2, 5, 6, 7]);
  });

  it('times opens no earlier if it keeps others in each second', () => {
    const [begin, end] = [eventBytes(PROGRAM, IN.open), eventBytes(PROGRAM, IN.closeNoWrite)];
    const open = eventBytes(OTHER, IN.open);
    const queues = new Map([
      [2, Buffer.concat([begin, open])],
      [3, Buffer.concat([open, end, begin, open])],
      [5, Buffer.concat([open, end, begin, open])],
      [6, end],
    ]);
    assert.deepEqual(run(8, queues).readTimes, [0, 1, 2, 2, 3, 3, 5, 7, 8]);
  });
});
