/**
 * Waiting until woken, and giving up.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createAlarm, createDeadline } from '../../src/util/clock.ts';
import { createClock, SECOND } from '../sources/api-server/fakes.ts';
import { settle } from '../support/fake-clock.ts';

const NEVER = new AbortController().signal;

/** Whether a promise is settled by now. */
async function isOver(promise: Promise<void>): Promise<boolean> {
  let over = false;
  void promise.then(() => {
    over = true;
  });
  await settle();
  return over;
}

describe('an alarm', () => {
  it('ends a wait at its time', async () => {
    const clock = createClock();
    const wait = createAlarm(clock).wait(10 * SECOND, NEVER);
    await clock.advance(10 * SECOND - 1);
    assert.equal(await isOver(wait), false);
    await clock.advance(1);
    assert.equal(await isOver(wait), true);
  });

  it('ends the wait under way when rung', async () => {
    const clock = createClock();
    const alarm = createAlarm(clock);
    const wait = alarm.wait(10 * SECOND, NEVER);
    alarm.ring();
    await wait;
    assert.equal(clock.sleepers(), 0);
  });

  it('ends the next wait at once when rung before, and only that', async () => {
    const clock = createClock();
    const alarm = createAlarm(clock);
    alarm.ring();
    alarm.ring();
    await alarm.wait(10 * SECOND, NEVER);
    assert.equal(await isOver(alarm.wait(10 * SECOND, NEVER)), false);
  });

  it('ends with the signal', async () => {
    const clock = createClock();
    const stop = new AbortController();
    const wait = createAlarm(clock).wait(10 * SECOND, stop.signal);
    stop.abort();
    await wait;
    assert.equal(clock.sleepers(), 0);
  });
});

describe('a deadline', () => {
  it('aborts when time is up, not before', async () => {
    const clock = createClock();
    const deadline = createDeadline(clock, 10 * SECOND, NEVER);
    await clock.advance(10 * SECOND - 1);
    assert.deepEqual([deadline.signal.aborted, deadline.isOver()], [false, false]);
    await clock.advance(1);
    assert.deepEqual([deadline.signal.aborted, deadline.isOver()], [true, true]);
    assert.equal(clock.sleepers(), 0);
  });

  it('can be put off again and again', async () => {
    const clock = createClock();
    const deadline = createDeadline(clock, 10 * SECOND, NEVER);
    for (let times = 0; times < 5; times += 1) {
      await clock.advance(9 * SECOND);
      deadline.putOff(10 * SECOND);
    }
    assert.equal(deadline.isOver(), false);
    await clock.advance(10 * SECOND);
    assert.equal(deadline.isOver(), true);
  });

  it('aborts with the signal it was made from, without time being up', async () => {
    const clock = createClock();
    const outer = new AbortController();
    const deadline = createDeadline(clock, 10 * SECOND, outer.signal);
    outer.abort();
    assert.deepEqual([deadline.signal.aborted, deadline.isOver()], [true, false]);
    deadline.cancel();
    await settle();
    assert.equal(clock.sleepers(), 0);
  });

  it('aborts at once where the signal it is made from did', () => {
    assert.equal(createDeadline(createClock(), 10 * SECOND, AbortSignal.abort()).signal.aborted, true);
  });

  it('leaves nothing behind once it is called off', async () => {
    const clock = createClock();
    const outer = new AbortController();
    const deadline = createDeadline(clock, 10 * SECOND, outer.signal);
    deadline.cancel();
    await clock.advance(20 * SECOND);
    outer.abort();
    assert.deepEqual([deadline.isOver(), deadline.signal.aborted, clock.sleepers()], [false, false, 0]);
  });
});
