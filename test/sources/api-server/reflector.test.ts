/**
 * The list and watch loop, on a clock that only moves when advanced.
 */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { CLUSTER_FAILURES } from '../../../src/core/cluster-facts.ts';
import { failed } from '../../../src/sources/api-server/client/failures.ts';
import { createReflector } from '../../../src/sources/api-server/reflector.ts';
import { trimAccount } from '../../../src/sources/api-server/resources.ts';
import type { Reconnect } from '../../../src/sources/api-server/watch-recovery.ts';
import { ok } from '../../../src/util/result.ts';
import { settle } from '../../support/fake-clock.ts';
import { NOW } from '../../support/tokens.ts';
import {
  createCallbacks,
  createClock,
  createFakeApi,
  type FakeResponses,
  MINUTE,
  SECOND,
  type TestClock,
} from './fakes.ts';
import { account, bookmark, list, metadata } from './objects.ts';

const stops = new Set<AbortController>();

/** Delays of their own, to tell them apart. */
const RESUMES: Reconnect = {
  resumes: true,
  spreadMs: 40 * SECOND,
  listSpreadMs: 80 * SECOND,
  holdMs: 20 * SECOND,
};
const LISTS: Reconnect = {
  resumes: false,
  spreadMs: 18 * SECOND,
  listSpreadMs: 19 * SECOND,
  holdMs: 20 * SECOND,
};

/** With a `random` of 1 every delay has its maximum. */
function create(clock: TestClock, responses: FakeResponses, random = 1, reconnect = RESUMES) {
  const callbacks = createCallbacks();
  const api = createFakeApi(clock, responses);
  const reflector = createReflector({
    resource: 'serviceaccounts',
    kind: 'ServiceAccount',
    path: '/api/v1/serviceaccounts',
    maxObjects: 2,
    reconnect,
    trim: trimAccount,
    api,
    clock,
    random: () => random,
    callbacks,
  });
  return { callbacks, api, reflector };
}

/** A running reflector whose first list has one service account. */
async function start(responses: FakeResponses = {}, random = 1, reconnect = RESUMES) {
  const clock = createClock();
  const listOne = { list: () => ok(list('ServiceAccount', [account()], '7')) };
  const { callbacks, api, reflector } = create(clock, { ...listOne, ...responses }, random, reconnect);
  const stop = new AbortController();
  stops.add(stop);
  const ended = reflector.run(stop.signal);
  await clock.advance(0);
  const watch = () => api.openWatches()[0] ?? assert.fail('no watch is open');
  /** `list` or `watch`, with the time of the request in seconds. */
  const requests = () =>
    api.requests.map(
      ({ path, atMs }) => `${path.includes('watch=true') ? 'watch' : 'list'} ${atMs / SECOND}`,
    );
  return { clock, callbacks, api, reflector, stop, ended, watch, requests };
}

function added(name: string, resourceVersion: string) {
  return { type: 'ADDED', object: account({ metadata: metadata({ name, resourceVersion }) }) };
}

describe('a reflector', () => {
  afterEach(() => {
    for (const stop of stops) stop.abort();
    stops.clear();
  });

  it("lists from the API server's cache, then watches from that version with a timeout of 5 to 10 minutes", async () => {
    for (const [random, seconds] of [
      [0, 300],
      [0.5, 450],
      [1, 600],
    ] as const) {
      const { api } = await start({}, random);
      const query = `watch=true&allowWatchBookmarks=true&timeoutSeconds=${seconds}&resourceVersion=7`;
      assert.deepEqual(
        api.requests.map(({ path }) => path),
        ['/api/v1/serviceaccounts?resourceVersion=0', `/api/v1/serviceaccounts?${query}`],
      );
    }
  });

  it('has no objects and is starting before the first list', () => {
    const { reflector } = create(createClock(), {});
    assert.deepEqual(
      [reflector.objects(), reflector.state()],
      [undefined, { isUp: false, failure: 'starting' }],
    );
  });

  it('follows the list and the watch, and reports each change', async () => {
    const { reflector, callbacks, watch } = await start();
    assert.deepEqual([...(reflector.objects()?.keys() ?? [])], ['payments/api']);
    assert.deepEqual(reflector.state(), { isUp: true });
    const before = callbacks.changes();
    watch().send(added('more', '8'));
    assert.equal(callbacks.changes(), before + 1);
    watch().send(bookmark('ServiceAccount', '9'));
    assert.equal(callbacks.changes(), before + 1);
    assert.deepEqual([...(reflector.objects()?.keys() ?? [])], ['payments/api', 'payments/more']);
  });

  it('renews a watch that ended at its timeout within a second, from the last version', async () => {
    const { clock, watch, api, requests } = await start();
    watch().send(bookmark('ServiceAccount', '9'));
    await clock.advance(595 * SECOND);
    watch().end();
    await clock.advance(SECOND);
    assert.deepEqual(requests(), ['list 0', 'watch 0', 'watch 596']);
    assert.match(api.requests.at(-1)?.path ?? '', /resourceVersion=9$/);
  });

  it('stays up to date through a watch that ended at its timeout', async () => {
    const { clock, watch, reflector } = await start();
    watch().send(bookmark('ServiceAccount', '9'));
    await clock.advance(299 * SECOND);
    watch().send(bookmark('ServiceAccount', '10'));
    await clock.advance(299 * SECOND);
    watch().send(bookmark('ServiceAccount', '11'));
    watch().end();
    await clock.advance(2 * SECOND);
    assert.deepEqual([reflector.state(), reflector.lostAt()], [{ isUp: true }, undefined]);
    assert.equal(reflector.objects()?.size, 1);
  });

  it('resumes a watch with events that ended before its timeout, and is not up until the next event', async () => {
    const { clock, watch, requests, reflector, callbacks } = await start();
    watch().send(bookmark('ServiceAccount', '9'));
    await clock.advance(100 * SECOND);
    watch().end();
    await clock.advance(0);
    assert.deepEqual(reflector.state(), { isUp: false, failure: 'reconnecting' });
    await clock.advance(40 * SECOND);
    assert.deepEqual(requests(), ['list 0', 'watch 0', 'watch 140']);
    assert.deepEqual(reflector.state(), { isUp: false, failure: 'reconnecting' });
    assert.equal(reflector.objects(), undefined);
    const before = callbacks.changes();
    watch().send(bookmark('ServiceAccount', '10'));
    assert.deepEqual([reflector.state(), reflector.objects()?.size], [{ isUp: true }, 1]);
    assert.ok(callbacks.changes() > before);
    assert.deepEqual([callbacks.failures, callbacks.recoveries()], [[], 0]);
  });

  it('lists again after a watch that ended before its timeout without an event', async () => {
    const { clock, watch, requests, reflector } = await start();
    await clock.advance(50);
    watch().end();
    await clock.advance(0);
    assert.deepEqual(reflector.state(), { isUp: false, failure: 'reconnecting' });
    await clock.advance(80 * SECOND);
    assert.deepEqual(requests(), ['list 0', 'watch 0', 'list 80.05', 'watch 80.05']);
    assert.deepEqual(reflector.state(), { isUp: true });
  });

  it('lists instead of resuming if the objects are few', async () => {
    const { clock, watch, requests } = await start({}, 1, LISTS);
    watch().send(bookmark('ServiceAccount', '9'));
    watch().end(failed('unreachable'));
    await clock.advance(18 * SECOND);
    assert.deepEqual(requests().slice(2), ['list 18', 'watch 18']);
    watch().send(bookmark('ServiceAccount', '9'));
    watch().end();
    await clock.advance(19 * SECOND);
    assert.deepEqual(requests().slice(4), ['list 37', 'watch 37']);
  });

  it('has its objects for 20 seconds after the watch is lost, and says since when they may have changed', async () => {
    for (const end of [ok('ended' as const), ok('gone' as const), failed('unreachable')]) {
      const { clock, watch, reflector } = await start();
      watch().send(bookmark('ServiceAccount', '9'));
      await clock.advance(10 * SECOND);
      watch().end(end);
      await clock.advance(20 * SECOND - 1);
      assert.deepEqual([reflector.objects()?.size, reflector.lostAt()], [1, NOW + 10]);
      await clock.advance(1);
      assert.equal(reflector.objects(), undefined);
      await clock.advance(60 * SECOND);
      watch().send(bookmark('ServiceAccount', '10'));
      assert.deepEqual([reflector.objects()?.size, reflector.lostAt()], [1, undefined]);
    }
  });

  it('has no objects as soon as the watch is lost if it does not hold them', async () => {
    const { clock, watch, reflector } = await start({}, 1, { ...RESUMES, holdMs: 0 });
    watch().send(bookmark('ServiceAccount', '9'));
    watch().end();
    await clock.advance(0);
    assert.equal(reflector.objects(), undefined);
  });

  it('has no objects as soon as a request fails', async () => {
    let isDown = false;
    const { clock, watch, reflector } = await start(
      {
        list: () => (isDown ? failed('unreachable') : ok(list('ServiceAccount', [account()], '7'))),
      },
      0.5,
      LISTS,
    );
    isDown = true;
    watch().end(failed('unreachable'));
    await clock.advance(9 * SECOND);
    assert.equal(reflector.objects()?.size, 1);
    await clock.advance(SECOND);
    assert.equal(reflector.objects(), undefined);
  });

  it('has no objects after a watch that was silent for too long', async () => {
    const { clock, watch, reflector } = await start();
    watch().end(failed('timeout'));
    await clock.advance(0);
    assert.equal(reflector.objects(), undefined);
  });

  it('lists again if its version is too old, by the status or by an event, within the same time each time', async () => {
    let isGone = false;
    const gone = { type: 'ERROR', object: { kind: 'Status', code: 410 } };
    const { clock, watch, requests, callbacks, reflector } = await start({
      watch: () => (isGone ? ok('gone') : undefined),
    });
    watch().send(bookmark('ServiceAccount', '9'));
    watch().send(gone);
    await clock.advance(80 * SECOND);
    assert.deepEqual(requests().slice(2), ['list 80', 'watch 80']);
    watch().send(bookmark('ServiceAccount', '9'));
    isGone = true;
    watch().send(gone);
    await clock.advance(80 * SECOND);
    assert.deepEqual(requests().slice(4), ['list 160', 'watch 160']);
    assert.deepEqual(reflector.state(), { isUp: false, failure: 'reconnecting' });
    isGone = false;
    await clock.advance(80 * SECOND);
    assert.deepEqual(requests().slice(6), ['list 240', 'watch 240']);
    assert.deepEqual([callbacks.failures, reflector.state()], [[], { isUp: true }]);
  });

  it('is up to date 80 seconds after a resumed watch gets 200 and then 410', async () => {
    let isRestarted = false;
    let isDown = false;
    const { clock, api, watch, requests, reflector } = await start({
      watch: () => (isDown ? failed('unreachable') : undefined),
      list: () => ok(list('ServiceAccount', [account()], isRestarted ? '20' : '7')),
    });
    watch().send(bookmark('ServiceAccount', '9'));
    isDown = true;
    watch().end(failed('unreachable'));
    await clock.advance(5 * MINUTE);
    const before = requests().length;
    isDown = false;
    isRestarted = true;
    await clock.advance(40 * SECOND);
    assert.equal(requests().length, before + 1);
    assert.match(api.requests.at(-1)?.path ?? '', /resourceVersion=9$/);
    assert.deepEqual(reflector.state(), { isUp: false, failure: 'reconnecting' });
    watch().send({ type: 'ERROR', object: { kind: 'Status', code: 410 } });
    await clock.advance(80 * SECOND);
    assert.deepEqual(reflector.state(), { isUp: true });
    assert.match(api.requests.at(-1)?.path ?? '', /resourceVersion=20$/);
  });

  it('is up to date 18 seconds after the API server is back, however long it was away', async () => {
    for (const failure of ['unreachable', 'timeout', 'server_error'] as const) {
      let isDown = false;
      const { clock, watch, reflector, callbacks } = await start(
        { list: () => (isDown ? failed(failure) : ok(list('ServiceAccount', [account()], '7'))) },
        1,
        LISTS,
      );
      isDown = true;
      watch().end(failed('unreachable'));
      await clock.advance(59 * MINUTE);
      assert.deepEqual(reflector.state(), { isUp: false, failure });
      isDown = false;
      await clock.advance(18 * SECOND);
      assert.deepEqual([reflector.state(), callbacks.recoveries()], [{ isUp: true }, 1]);
    }
  });

  it('grows the delay while watches end at once without an event, until one has an event or lives a minute', async () => {
    const { clock, watch, requests } = await start({}, 1, LISTS);
    for (const waitMs of [19, 19, 38, 76, 152, 300, 300].map((seconds) => seconds * SECOND)) {
      watch().end();
      await clock.advance(waitMs);
    }
    assert.equal(requests().length, 16);
    await clock.advance(MINUTE);
    watch().end();
    await clock.advance(19 * SECOND);
    assert.equal(requests().length, 18);
  });

  it('keeps trying after every kind of failure', async () => {
    let tries = 0;
    const { clock, callbacks, requests } = await start({
      list: () => failed(CLUSTER_FAILURES[tries++ % CLUSTER_FAILURES.length] ?? 'starting'),
    });
    await clock.advance(60 * MINUTE);
    assert.ok(requests().length > CLUSTER_FAILURES.length);
    assert.deepEqual(new Set(callbacks.failures), new Set(CLUSTER_FAILURES));
  });

  for (const failure of CLUSTER_FAILURES)
    it(`is down with ${failure} after such a list, and up after the next successful one`, async () => {
      let isFailing = true;
      const { clock, reflector, callbacks } = await start({
        list: () => (isFailing ? failed(failure) : ok(list('ServiceAccount', []))),
      });
      assert.deepEqual(reflector.state(), { isUp: false, failure });
      assert.deepEqual(callbacks.failures, [failure]);
      isFailing = false;
      await clock.advance(40 * SECOND);
      assert.deepEqual([reflector.state(), reflector.objects()?.size], [{ isUp: true }, 0]);
    });

  it('resumes a watch from the last version once the API server is back', async () => {
    let isDown = false;
    const { clock, reflector, watch, api, requests, callbacks } = await start({
      watch: () => (isDown ? failed('unreachable') : undefined),
    });
    watch().send(bookmark('ServiceAccount', '8'));
    isDown = true;
    watch().end(failed('unreachable'));
    await clock.advance(40 * SECOND);
    assert.deepEqual(reflector.state(), { isUp: false, failure: 'unreachable' });
    isDown = false;
    await clock.advance(40 * SECOND);
    assert.deepEqual(requests(), ['list 0', 'watch 0', 'watch 40', 'watch 80']);
    assert.match(api.requests.at(-1)?.path ?? '', /resourceVersion=8$/);
    assert.deepEqual(reflector.state(), { isUp: false, failure: 'reconnecting' });
    watch().send(bookmark('ServiceAccount', '9'));
    assert.deepEqual([reflector.state(), callbacks.recoveries()], [{ isUp: true }, 1]);
  });

  it('sends no request before Retry-After has passed', async () => {
    let isThrottled = true;
    const { clock, requests } = await start(
      { list: () => (isThrottled ? failed('throttled', 5 * MINUTE) : ok(list('ServiceAccount', []))) },
      0,
    );
    isThrottled = false;
    await clock.advance(5 * MINUTE - 1);
    assert.deepEqual(requests(), ['list 0']);
    await clock.advance(1);
    assert.deepEqual(requests().slice(1), ['list 300', 'watch 300']);
  });

  it('has no objects after five minutes without an event, and reports them as a change with the next', async () => {
    const { clock, callbacks, reflector, watch } = await start({}, 0);
    await clock.advance(5 * MINUTE);
    assert.equal(reflector.objects()?.size, 1);
    await clock.advance(1);
    assert.equal(reflector.objects(), undefined);
    const before = callbacks.changes();
    watch().send(bookmark('ServiceAccount', '9'));
    assert.equal(reflector.objects()?.size, 1);
    assert.equal(callbacks.changes(), before + 1);
    watch().send(bookmark('ServiceAccount', '10'));
    assert.equal(callbacks.changes(), before + 1);
  });

  const invalid = [
    ['a list of another kind', { list: list('Pod', []) }, 'bad_answer'],
    ['a list without a version', { list: list('ServiceAccount', [account()], '') }, 'bad_answer'],
  ] as const;
  for (const [title, response, failure] of invalid)
    it(`is down with ${failure} after ${title}`, async () => {
      const { reflector } = await start({ list: () => ok(response.list) });
      assert.deepEqual([reflector.state(), reflector.objects()], [{ isUp: false, failure }, undefined]);
    });

  it('reports the objects of a list and the events that it drops, and reads the others', async () => {
    const named = (name: string, more = {}) => account({ metadata: metadata({ name, ...more }) });
    const items = [{}, named('a'), named('b', { uid: 7 }), named('c'), named('d')];
    const { reflector, callbacks, watch } = await start({ list: () => ok(list('ServiceAccount', items)) });
    watch().send({ type: 'MODIFIED' });
    assert.deepEqual([...(reflector.objects()?.keys() ?? [])], ['payments/a', 'payments/c']);
    assert.deepEqual([...reflector.unreadable()], ['payments/b', 'payments/d']);
    assert.deepEqual(reflector.state(), { isUp: true });
    assert.deepEqual(callbacks.dropped, [
      'unidentified ',
      'malformed payments/b',
      'limit payments/d',
      'malformed ',
    ]);
  });

  it('keeps its objects after a malformed event, and lists again', async () => {
    const { clock, reflector, watch, requests } = await start();
    watch().send({ type: 'ADDED', object: { kind: 'Pod' } });
    await settle();
    assert.deepEqual(reflector.state(), { isUp: false, failure: 'bad_answer' });
    assert.equal(reflector.objects()?.size, 1);
    await clock.advance(40 * SECOND);
    assert.deepEqual(requests().slice(2), ['list 40', 'watch 40']);
    assert.deepEqual(reflector.state(), { isUp: true });
  });

  it('is down with bad_answer after a bug, which is reported, and continues', async () => {
    const bug = new Error('a bug');
    let isBroken = true;
    const { clock, reflector, callbacks } = await start({
      list: () => {
        if (isBroken) throw bug;
        return ok(list('ServiceAccount', []));
      },
    });
    assert.deepEqual([callbacks.errors, reflector.state()], [[bug], { isUp: false, failure: 'bad_answer' }]);
    isBroken = false;
    await clock.advance(40 * SECOND);
    assert.deepEqual(reflector.state(), { isUp: true });
  });

  it('stops when the signal aborts, during a delay and during a watch', async () => {
    const [waiting, watching] = [await start({ list: () => failed('unreachable') }), await start()];
    for (const { stop, ended, clock, api } of [waiting, watching]) {
      stop.abort();
      await ended;
      assert.deepEqual([clock.sleepers(), api.openWatches().length], [0, 0]);
    }
  });
});
