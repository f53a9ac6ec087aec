/**
 * Waits that can be cut short, and deadlines.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createAlarm, createDeadline } from '../../src/util/clock.ts';
import { createFakeClock, settle } from '../support/fake-clock.ts';

const SECOND = 1_000;
const NEVER = new AbortController().signal;

async function isResolved(promise: Promise<void>): Promise<boolean> {
  let resolved = false;
  void promise.then(() => {
    resolved = true;
  });
  await settle();
  return resolved;
}

describe('an alarm', () => {
  it('ends a wait after its time', async () => {
    const clock = createFakeClock();
    const wait = createAlarm(clock).wait(10 * SECOND, NEVER);
    await clock.advance(10 * SECOND - 1);
    assert.equal(await isResolved(wait), false);
    await clock.advance(1);
    assert.equal(await isResolved(wait), true);
  });

  it('ends the current wait when it rings', async () => {
    const clock = createFakeClock();
    const alarm = createAlarm(clock);
    const wait = alarm.wait(10 * SECOND, NEVER);
    alarm.ring();
    await wait;
    assert.equal(clock.sleepers(), 0);
  });

  it('ends only the next wait at once if it rang before', async () => {
    const clock = createFakeClock();
    const alarm = createAlarm(clock);
    alarm.ring();
    alarm.ring();
    await alarm.wait(10 * SECOND, NEVER);
    assert.equal(await isResolved(alarm.wait(10 * SECOND, NEVER)), false);
  });

  it('ends a wait when the signal aborts', async () => {
    const clock = createFakeClock();
    const stop = new AbortController();
    const wait = createAlarm(clock).wait(10 * SECOND, stop.signal);
    stop.abort();
    await wait;
    assert.equal(clock.sleepers(), 0);
  });
});

describe('a deadline', () => {
  it('aborts its signal when it expires and not before', async () => {
    const clock = createFakeClock();
    const deadline = createDeadline(clock, 10 * SECOND, NEVER);
    await clock.advance(10 * SECOND - 1);
    assert.deepEqual([deadline.signal.aborted, deadline.isExpired()], [false, false]);
    await clock.advance(1);
    assert.deepEqual([deadline.signal.aborted, deadline.isExpired()], [true, true]);
    assert.equal(clock.sleepers(), 0);
  });

  it('can be extended repeatedly', async () => {
    const clock = createFakeClock();
    const deadline = createDeadline(clock, 10 * SECOND, NEVER);
    for (let times = 0; times < 5; times += 1) {
      await clock.advance(9 * SECOND);
      deadline.extend(10 * SECOND);
    }
    assert.equal(deadline.isExpired(), false);
    await clock.advance(10 * SECOND);
    assert.equal(deadline.isExpired(), true);
  });

  it('aborts its signal without expiring when the parent signal aborts', async () => {
    const clock = createFakeClock();
    const parent = new AbortController();
    const deadline = createDeadline(clock, 10 * SECOND, parent.signal);
    parent.abort();
    assert.deepEqual([deadline.signal.aborted, deadline.isExpired()], [true, false]);
    deadline.cancel();
    await settle();
    assert.equal(clock.sleepers(), 0);
  });

  it('has an aborted signal from the start if the parent signal is aborted', () => {
    assert.equal(createDeadline(createFakeClock(), 10 * SECOND, AbortSignal.abort()).signal.aborted, true);
  });

  it('neither expires nor holds a timer after it is canceled', async () => {
    const clock = createFakeClock();
    const parent = new AbortController();
    const deadline = createDeadline(clock, 10 * SECOND, parent.signal);
    deadline.cancel();
    await clock.advance(20 * SECOND);
    parent.abort();
    assert.deepEqual([deadline.isExpired(), deadline.signal.aborted, clock.sleepers()], [false, false, 0]);
  });
});
