/**
 * How much of a queue of inotify is taken at once, with queues of any length.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { openInotify } from '../../../../src/sources/reads/thread/inotify.ts';
import { IN } from '../../../../src/sources/reads/thread/inotify-events.ts';
import type { Libc } from '../../../../src/sources/reads/thread/libc.ts';
import { ok } from '../../../../src/util/result.ts';

const HEADER_BYTES = 16;
const LONGEST_NAME_BYTES = 256;

/** As the kernel writes one, with a name of so many bytes. */
function eventBytes(nameBytes: number): Buffer {
  const event = Buffer.alloc(HEADER_BYTES + nameBytes);
  event.writeInt32LE(1, 0);
  event.writeUInt32LE(IN.open, 4);
  event.writeUInt32LE(nameBytes, 12);
  event.fill('x', HEADER_BYTES, event.length - 1);
  return event;
}

/** Takes the events of a queue of so many, and says how many were not read. */
function takeFrom(length: number, nameBytes: number) {
  const event = eventBytes(nameBytes);
  let left = length;
  const libc: Partial<Libc> = {
    inotifyInit: () => ok(0),
    read: (_, into) => {
      const count = Math.min(left, Math.floor(into.length / event.length));
      for (let index = 0; index < count; index += 1) event.copy(into, index * event.length);
      left -= count;
      return count * event.length;
    },
  };
  const inotify = openInotify(libc as Libc);
  assert.ok(inotify.ok);
  const events = inotify.value.take();
  const overflows = events.filter(({ mask }) => mask === IN.overflow).length;
  return { taken: events.length - overflows, overflows, left };
}

describe('the queue of inotify', () => {
  for (const nameBytes of [0, LONGEST_NAME_BYTES])
    it(`is taken at once if it has the length that it has by default, with names of ${nameBytes} bytes`, () => {
      assert.deepEqual(takeFrom(16_384, nameBytes), { taken: 16_384, overflows: 0, left: 0 });
    });

  it('has lost events if it is longer than what is taken at once, and leaves none for the next time', () => {
    const { taken, ...others } = takeFrom(50_000, LONGEST_NAME_BYTES);
    assert.ok(taken >= 16_384 && taken < 50_000);
    assert.deepEqual(others, { overflows: 1, left: 0 });
  });

  it('has lost events if more come all the time, which ends nevertheless', () => {
    const { taken, overflows } = takeFrom(Number.POSITIVE_INFINITY, LONGEST_NAME_BYTES);
    assert.deepEqual([Number.isFinite(taken), overflows], [true, 1]);
  });
});
