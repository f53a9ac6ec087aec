/**
 * Questions about what gives reason to ask, one after another and within a budget.
 */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import type { Answer } from '../../../src/sources/api-server/api.ts';
import { failed } from '../../../src/sources/api-server/failures.ts';
import { createInquiry } from '../../../src/sources/api-server/poller.ts';
import { createClock, createNotes, MINUTE, SECOND } from './fakes.ts';

type Reply = Answer<string | undefined>;

const stops = new Set<AbortController>();

/** An inquiry at work: what it learns of a subject is what `reply` says of it. Chance answers 0. */
function start(reply: (subject: string) => Reply = () => ({ ok: true, value: 'yes' })) {
  const clock = createClock();
  const notes = createNotes();
  const asked: string[] = [];
  const inquiry = createInquiry<string, string, string>({
    resource: 'events',
    keyOf: (subject) => subject,
    ask: async (subject) => {
      asked.push(`${subject} ${clock.monotonicMs() / SECOND}`);
      return reply(subject);
    },
    goodForMs: (answer) => (answer === 'yes' ? 10 * MINUTE : MINUTE),
    perMinute: 3,
    clock,
    random: () => 0,
    listener: notes,
  });
  const stop = new AbortController();
  stops.add(stop);
  const ended = inquiry.run(stop.signal);
  return { clock, notes, inquiry, asked, stop, ended };
}

describe('an inquiry', () => {
  afterEach(() => {
    for (const stop of stops) stop.abort();
    stops.clear();
  });

  it('asks nothing where nothing is wanted, and is up', async () => {
    const { clock, inquiry, asked } = start();
    await clock.advance(60 * MINUTE);
    assert.deepEqual([asked, inquiry.answers().size, inquiry.state()], [[], 0, { isUp: true }]);
  });

  it('asks at once about what is wanted, most wanted first, and tells of the answers', async () => {
    const { clock, inquiry, asked, notes } = start();
    inquiry.want(['b', 'a']);
    await clock.advance(0);
    assert.deepEqual(asked, ['b 0', 'a 0']);
    assert.deepEqual(
      inquiry.answers(),
      new Map([
        ['b', 'yes'],
        ['a', 'yes'],
      ]),
    );
    assert.equal(notes.changes(), 2);
  });

  it('asks no more than so many a minute', async () => {
    const { clock, inquiry, asked } = start();
    inquiry.want(['a', 'b', 'c', 'd', 'e']);
    await clock.advance(MINUTE - 1);
    assert.deepEqual(asked, ['a 0', 'b 0', 'c 0']);
    await clock.advance(1);
    assert.deepEqual(asked.slice(3), ['d 60', 'e 60']);
  });

  it('asks again once an answer is no good any more', async () => {
    const { clock, inquiry, asked } = start((subject) => ({
      ok: true,
      value: subject === 'a' ? 'yes' : 'no',
    }));
    inquiry.want(['a', 'b']);
    await clock.advance(2 * MINUTE);
    assert.deepEqual(asked, ['a 0', 'b 0', 'b 60', 'b 120']);
    await clock.advance(8 * MINUTE);
    assert.equal(asked.filter((one) => one.startsWith('a')).at(-1), 'a 600');
  });

  it('asks about what was never asked before what is due again', async () => {
    const { clock, inquiry, asked } = start(() => ({ ok: true, value: 'no' }));
    inquiry.want(['a', 'b']);
    await clock.advance(30 * SECOND);
    inquiry.want(['a', 'b', 'c', 'd']);
    await clock.advance(30 * SECOND);
    assert.deepEqual(asked, ['a 0', 'b 0', 'c 30', 'd 60', 'a 60']);
  });

  it('has no answer where there is nothing to be learnt, and asks again later', async () => {
    const { clock, inquiry, asked } = start(() => ({ ok: true, value: undefined }));
    inquiry.want(['a']);
    await clock.advance(MINUTE);
    assert.deepEqual([asked, inquiry.answers().size], [['a 0', 'a 60'], 0]);
  });

  it('is the same map, and tells of nothing, while answers are the same', async () => {
    const { clock, inquiry, notes } = start(() => ({ ok: true, value: 'no' }));
    inquiry.want(['a']);
    await clock.advance(0);
    const before = inquiry.answers();
    await clock.advance(10 * MINUTE);
    inquiry.want(['a']);
    assert.deepEqual([inquiry.answers() === before, notes.changes()], [true, 1]);
  });

  it('forgets what nobody wants to know any more', async () => {
    const { clock, inquiry, asked } = start();
    inquiry.want(['a', 'b']);
    await clock.advance(0);
    inquiry.want(['b']);
    assert.deepEqual([...inquiry.answers().keys()], ['b']);
    inquiry.want(['a', 'b']);
    await clock.advance(0);
    assert.deepEqual(asked, ['a 0', 'b 0', 'a 0']);
  });

  it('notes no answer of what nobody wants any more meanwhile', async () => {
    const { promise, resolve } = Promise.withResolvers<Reply>();
    const notes = createNotes();
    const clock = createClock();
    const inquiry = createInquiry<string, string, string>({
      resource: 'events',
      keyOf: (subject) => subject,
      ask: () => promise,
      goodForMs: () => MINUTE,
      perMinute: 3,
      clock,
      random: () => 0,
      listener: notes,
    });
    const stop = new AbortController();
    stops.add(stop);
    void inquiry.run(stop.signal);
    inquiry.want(['a']);
    await clock.advance(0);
    inquiry.want([]);
    resolve({ ok: true, value: 'yes' });
    await clock.advance(0);
    assert.deepEqual([inquiry.answers().size, notes.changes()], [0, 0]);
  });

  it('keeps an answer for five minutes beyond its time, where no newer one is to be had', async () => {
    let isFailing = false;
    const { clock, inquiry } = start(() => (isFailing ? failed('unreachable') : { ok: true, value: 'no' }));
    inquiry.want(['a']);
    await clock.advance(0);
    isFailing = true;
    await clock.advance(6 * MINUTE);
    assert.deepEqual([...inquiry.answers()], [['a', 'no']]);
    await clock.advance(1);
    assert.equal(inquiry.answers().size, 0);
  });

  it('is down where a question fails, leaves the API server alone, and has others asked about first', async () => {
    const { clock, inquiry, asked, notes } = start((subject) =>
      subject === 'a' ? failed('bad_answer') : { ok: true, value: 'yes' },
    );
    inquiry.want(['a', 'b']);
    await clock.advance(SECOND - 1);
    assert.deepEqual([asked, inquiry.state()], [['a 0'], { isUp: false, failure: 'bad_answer' }]);
    await clock.advance(1);
    assert.deepEqual([asked, inquiry.state()], [['a 0', 'b 1'], { isUp: true }]);
    assert.deepEqual(notes.failures, ['bad_answer']);
    await clock.advance(MINUTE);
    assert.deepEqual(asked.slice(2), ['a 60']);
  });

  it('asks again after ten minutes where it is forbidden', async () => {
    const { clock, inquiry, asked } = start(() => failed('forbidden'));
    inquiry.want(['a', 'b']);
    await clock.advance(10 * MINUTE - 1);
    assert.deepEqual(asked, ['a 0']);
    await clock.advance(1);
    assert.deepEqual(asked, ['a 0', 'b 600']);
  });

  it('asks again when the API server says so', async () => {
    const { clock, inquiry, asked } = start(() => failed('throttled', 3 * MINUTE));
    inquiry.want(['a']);
    await clock.advance(3 * MINUTE);
    assert.deepEqual(asked, ['a 0', 'a 180']);
  });

  it('survives a bug, and tells of it', async () => {
    const bug = new Error('a bug');
    let isBroken = true;
    const { clock, inquiry, notes } = start(() => {
      if (isBroken) throw bug;
      return { ok: true, value: 'yes' };
    });
    inquiry.want(['a']);
    await clock.advance(0);
    assert.deepEqual(notes.errors, [bug]);
    isBroken = false;
    await clock.advance(MINUTE);
    assert.equal(inquiry.answers().get('a'), 'yes');
  });

  it('ends with its signal', async () => {
    const { clock, stop, ended } = start();
    stop.abort();
    await ended;
    assert.equal(clock.sleepers(), 0);
  });
});
