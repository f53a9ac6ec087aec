/**
 * The loop of lists and watches, on a clock that goes only when told to.
 */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { CLUSTER_FAILURES } from '../../../src/core/cluster-facts.ts';
import { failed } from '../../../src/sources/api-server/failures.ts';
import { createReflector } from '../../../src/sources/api-server/reflector.ts';
import { trimAccount } from '../../../src/sources/api-server/resources.ts';
import { settle } from '../../support/fake-clock.ts';
import { createClock, createFakeApi, createNotes, type FakeAnswers, MINUTE, SECOND } from './fakes.ts';
import { account, bookmark, list, metadata } from './objects.ts';

const stops = new Set<AbortController>();

/** A reflector at work; chance answers 1 unless told otherwise, so that every wait is its longest. */
async function start(answers: FakeAnswers = {}, chance = 1) {
  const clock = createClock();
  const notes = createNotes();
  const api = createFakeApi(clock, {
    list: () => ({ ok: true, value: list('ServiceAccount', [account()], '7') }),
    ...answers,
  });
  const reflector = createReflector({
    resource: 'serviceaccounts',
    kind: 'ServiceAccount',
    path: '/api/v1/serviceaccounts',
    maxObjects: 2,
    trim: trimAccount,
    api,
    clock,
    random: () => chance,
    listener: notes,
  });
  const stop = new AbortController();
  stops.add(stop);
  const ended = reflector.run(stop.signal);
  await clock.advance(0);
  const watch = () => api.open()[0] ?? assert.fail('no watch is open');
  /** Times of what was asked, in seconds, with what it was. */
  const asked = () =>
    api.asked.map(({ path, atMs }) => `${path.includes('watch=true') ? 'watch' : 'list'} ${atMs / SECOND}`);
  return { clock, notes, api, reflector, stop, ended, watch, asked };
}

function added(name: string, resourceVersion: string) {
  return { type: 'ADDED', object: account({ metadata: metadata({ name, resourceVersion }) }) };
}

describe('a reflector', () => {
  afterEach(() => {
    for (const stop of stops) stop.abort();
    stops.clear();
  });

  it('lists from the cache of the API server, and watches from there for five to ten minutes', async () => {
    for (const [chance, seconds] of [
      [0, 300],
      [0.5, 450],
      [1, 600],
    ] as const) {
      const { api } = await start({}, chance);
      const query = `watch=true&allowWatchBookmarks=true&timeoutSeconds=${seconds}&resourceVersion=7`;
      assert.deepEqual(
        api.asked.map(({ path }) => path),
        ['/api/v1/serviceaccounts?resourceVersion=0', `/api/v1/serviceaccounts?${query}`],
      );
    }
  });

  it('knows nothing before its first list, and says that it is starting', () => {
    const clock = createClock();
    const reflector = createReflector({
      resource: 'serviceaccounts',
      kind: 'ServiceAccount',
      path: '/api/v1/serviceaccounts',
      maxObjects: 2,
      trim: trimAccount,
      api: createFakeApi(clock, {}),
      clock,
      random: () => 1,
      listener: createNotes(),
    });
    assert.deepEqual(
      [reflector.known(), reflector.state()],
      [undefined, { isUp: false, failure: 'starting' }],
    );
  });

  it('knows what the list and the watch say, and tells of every change', async () => {
    const { reflector, notes, watch } = await start();
    assert.deepEqual([...(reflector.known()?.keys() ?? [])], ['payments/api']);
    assert.deepEqual(reflector.state(), { isUp: true });
    const before = notes.changes();
    watch().send(added('more', '8'));
    assert.equal(notes.changes(), before + 1);
    watch().send(bookmark('ServiceAccount', '9'));
    assert.equal(notes.changes(), before + 1);
    assert.deepEqual([...(reflector.known()?.keys() ?? [])], ['payments/api', 'payments/more']);
  });

  it('renews within a second a watch that ended in its time, from the last version', async () => {
    const { clock, watch, api, asked } = await start();
    watch().send(bookmark('ServiceAccount', '9'));
    await clock.advance(595 * SECOND);
    watch().end();
    await clock.advance(SECOND);
    assert.deepEqual(asked(), ['list 0', 'watch 0', 'watch 596']);
    assert.match(api.asked.at(-1)?.path ?? '', /resourceVersion=9$/);
  });

  it('waits a while for a watch that ended before its time', async () => {
    const { clock, watch, asked } = await start();
    await clock.advance(594 * SECOND);
    watch().end();
    await clock.advance(90 * SECOND);
    assert.deepEqual(asked(), ['list 0', 'watch 0', 'watch 684']);
  });

  it('waits longer and longer where watches are cut at once, and not after one that lived for a minute', async () => {
    const { clock, watch, asked } = await start();
    for (const waitMs of [90, 180, 300, 300].map((seconds) => seconds * SECOND)) {
      watch().end();
      await clock.advance(waitMs);
    }
    await clock.advance(MINUTE);
    watch().end();
    await clock.advance(90 * SECOND);
    assert.deepEqual(asked(), [
      'list 0',
      'watch 0',
      'watch 90',
      'watch 270',
      'watch 570',
      'watch 870',
      'watch 1020',
    ]);
  });

  it('lists again after a while where its version is too old, by the status or by an event', async () => {
    let isGone = false;
    const gone = { type: 'ERROR', object: { kind: 'Status', code: 410 } };
    const { clock, watch, asked, notes } = await start({
      watch: () => (isGone ? { ok: true, value: 'gone' } : undefined),
    });
    isGone = true;
    watch().send(gone);
    await clock.advance(90 * SECOND);
    assert.deepEqual(asked().slice(2), ['list 90', 'watch 90']);
    isGone = false;
    await clock.advance(180 * SECOND);
    assert.deepEqual(asked().slice(4), ['list 270', 'watch 270']);
    assert.deepEqual(notes.failures, []);
  });

  it('goes on for ever, whatever fails', async () => {
    let tries = 0;
    const { clock, notes, asked } = await start({
      list: () => failed(CLUSTER_FAILURES[tries++ % CLUSTER_FAILURES.length] ?? 'starting'),
    });
    await clock.advance(60 * MINUTE);
    assert.ok(asked().length > CLUSTER_FAILURES.length);
    assert.deepEqual(new Set(notes.failures), new Set(CLUSTER_FAILURES));
  });

  for (const failure of CLUSTER_FAILURES)
    it(`is down by ${failure} where the list fails so, and up again after the next`, async () => {
      let isFailing = true;
      const { clock, reflector, notes } = await start({
        list: () => (isFailing ? failed(failure) : { ok: true, value: list('ServiceAccount', []) }),
      });
      assert.deepEqual(reflector.state(), { isUp: false, failure });
      assert.deepEqual(notes.failures, [failure]);
      isFailing = false;
      await clock.advance(90 * SECOND);
      assert.deepEqual([reflector.state(), reflector.known()?.size], [{ isUp: true }, 0]);
    });

  it('takes a watch up where it broke off, once the API server is back', async () => {
    let isDown = false;
    const { clock, reflector, watch, api, asked } = await start({
      watch: () => (isDown ? failed('unreachable') : undefined),
    });
    isDown = true;
    watch().end(failed('unreachable'));
    await clock.advance(90 * SECOND);
    assert.deepEqual(reflector.state(), { isUp: false, failure: 'unreachable' });
    isDown = false;
    await clock.advance(180 * SECOND);
    assert.deepEqual(asked(), ['list 0', 'watch 0', 'watch 90', 'watch 270']);
    assert.match(api.asked.at(-1)?.path ?? '', /resourceVersion=7$/);
    assert.deepEqual(reflector.state(), { isUp: true });
  });

  it('leaves the API server alone for as long as it asks', async () => {
    let isThrottled = true;
    const { clock, asked } = await start(
      {
        list: () =>
          isThrottled ? failed('throttled', 5 * MINUTE) : { ok: true, value: list('ServiceAccount', []) },
      },
      0,
    );
    isThrottled = false;
    await clock.advance(5 * MINUTE - 1);
    assert.deepEqual(asked(), ['list 0']);
    await clock.advance(1);
    assert.deepEqual(asked().slice(1), ['list 300', 'watch 300']);
  });

  it('forgets after five minutes without a word, knows again with the next, and tells of it', async () => {
    const { clock, notes, reflector, watch } = await start({}, 0);
    await clock.advance(5 * MINUTE);
    assert.equal(reflector.known()?.size, 1);
    await clock.advance(1);
    assert.equal(reflector.known(), undefined);
    const told = notes.changes();
    watch().send(bookmark('ServiceAccount', '9'));
    assert.equal(reflector.known()?.size, 1);
    assert.equal(notes.changes(), told + 1);
    watch().send(bookmark('ServiceAccount', '10'));
    assert.equal(notes.changes(), told + 1);
  });

  const wrong = [
    ['a list of another kind', { list: list('Pod', []) }, 'bad_answer'],
    ['an object without metadata', { list: list('ServiceAccount', [{}]) }, 'bad_answer'],
    [
      'too many objects',
      {
        list: list(
          'ServiceAccount',
          ['a', 'b', 'c'].map((name) => account({ metadata: metadata({ name }) })),
        ),
      },
      'too_large',
    ],
  ] as const;
  for (const [title, answer, failure] of wrong)
    it(`is down by ${failure} where it gets ${title}`, async () => {
      const { reflector } = await start({ list: () => ({ ok: true, value: answer.list }) });
      assert.deepEqual([reflector.state(), reflector.known()], [{ isUp: false, failure }, undefined]);
    });

  it('builds on nothing that came before a wrong event: it lists again', async () => {
    const { clock, reflector, watch, asked } = await start();
    watch().send({ type: 'ADDED', object: { kind: 'Pod' } });
    await settle();
    assert.deepEqual(reflector.state(), { isUp: false, failure: 'bad_answer' });
    assert.equal(reflector.known()?.size, 1);
    await clock.advance(90 * SECOND);
    assert.deepEqual(asked().slice(2), ['list 90', 'watch 90']);
    assert.deepEqual(reflector.state(), { isUp: true });
  });

  it('survives a bug, and tells of it', async () => {
    const bug = new Error('a bug');
    let isBroken = true;
    const { clock, reflector, notes } = await start({
      list: () => {
        if (isBroken) throw bug;
        return { ok: true, value: list('ServiceAccount', []) };
      },
    });
    assert.deepEqual([notes.errors, reflector.state()], [[bug], { isUp: false, failure: 'bad_answer' }]);
    isBroken = false;
    await clock.advance(90 * SECOND);
    assert.deepEqual(reflector.state(), { isUp: true });
  });

  it('ends with its signal, whether it waits or watches', async () => {
    const [waiting, watching] = [await start({ list: () => failed('unreachable') }), await start()];
    for (const { stop, ended, clock, api } of [waiting, watching]) {
      stop.abort();
      await ended;
      assert.deepEqual([clock.sleepers(), api.open().length], [0, 0]);
    }
  });
});
