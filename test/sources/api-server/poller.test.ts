/**
 * Polling of individual targets within a rate limit.
 */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { type ApiResult, failed } from '../../../src/sources/api-server/client/failures.ts';
import { createPoller } from '../../../src/sources/api-server/poller.ts';
import { ok } from '../../../src/util/result.ts';
import { createCallbacks, createClock, MINUTE, SECOND } from './fakes.ts';

type PollResult = ApiResult<string | undefined>;

const stops = new Set<AbortController>();

/** A running poller with the results of `poll`. The result `yes` is valid for ten minutes, any other for one. */
function start(poll: (target: string) => PollResult | Promise<PollResult> = () => ok('yes')) {
  const clock = createClock();
  const callbacks = createCallbacks();
  /** Targets with the time of the request, in seconds. */
  const polled: string[] = [];
  const poller = createPoller<string, string, string>({
    resource: 'events',
    keyOf: (target) => target,
    poll: async (target) => {
      polled.push(`${target} ${clock.monotonicMs() / SECOND}`);
      return poll(target);
    },
    ttlMs: (result) => (result === 'yes' ? 10 * MINUTE : MINUTE),
    lanes: [{ has: () => true, requestsPerMinute: 3 }],
    clock,
    random: () => 0,
    callbacks,
  });
  const stop = new AbortController();
  stops.add(stop);
  const ended = poller.run(stop.signal);
  return { clock, callbacks, poller, polled, stop, ended };
}

describe('a poller', () => {
  afterEach(() => {
    for (const stop of stops) stop.abort();
    stops.clear();
  });

  it('sends no request and is up without targets', async () => {
    const { clock, poller, polled } = start();
    await clock.advance(60 * MINUTE);
    assert.deepEqual([polled, poller.results().size, poller.state()], [[], 0, { isUp: true }]);
  });

  it('polls new targets at once and in their order, and reports each result', async () => {
    const { clock, poller, polled, callbacks } = start();
    poller.setTargets(['b', 'a']);
    await clock.advance(0);
    assert.deepEqual(polled, ['b 0', 'a 0']);
    assert.deepEqual(
      poller.results(),
      new Map([
        ['b', 'yes'],
        ['a', 'yes'],
      ]),
    );
    assert.equal(callbacks.changes(), 2);
  });

  it('keeps to the maximum number of requests per minute', async () => {
    const { clock, poller, polled } = start();
    poller.setTargets(['a', 'b', 'c', 'd', 'e']);
    await clock.advance(MINUTE - 1);
    assert.deepEqual(polled, ['a 0', 'b 0', 'c 0']);
    await clock.advance(1);
    assert.deepEqual(polled.slice(3), ['d 60', 'e 60']);
  });

  it('keeps to the maximum in any minute, however the requests are spread', async () => {
    const { clock, poller, polled } = start();
    poller.setTargets(['a']);
    await clock.advance(40 * SECOND);
    poller.setTargets(['b', 'c', 'd', 'e', 'f']);
    await clock.advance(MINUTE);
    assert.deepEqual(polled, ['a 0', 'b 40', 'c 40', 'd 60', 'e 100', 'f 100']);
  });

  it('polls a target again when its result expires', async () => {
    const { clock, poller, polled } = start((target) => ok(target === 'a' ? 'yes' : 'no'));
    poller.setTargets(['a', 'b']);
    await clock.advance(2 * MINUTE);
    assert.deepEqual(polled, ['a 0', 'b 0', 'b 60', 'b 120']);
    await clock.advance(8 * MINUTE);
    assert.equal(polled.filter((request) => request.startsWith('a')).at(-1), 'a 600');
  });

  it('polls new targets before targets with an expired result', async () => {
    const { clock, poller, polled } = start(() => ok('no'));
    poller.setTargets(['a', 'b']);
    await clock.advance(30 * SECOND);
    poller.setTargets(['a', 'b', 'c', 'd']);
    await clock.advance(30 * SECOND);
    assert.deepEqual(polled, ['a 0', 'b 0', 'c 30', 'd 60', 'a 60']);
  });

  it('has no result if there is nothing to learn, and polls again later', async () => {
    const { clock, poller, polled } = start(() => ok(undefined));
    poller.setTargets(['a']);
    await clock.advance(MINUTE);
    assert.deepEqual([polled, poller.results().size], [['a 0', 'a 60'], 0]);
  });

  it('returns the same map and reports no change while the results are equal', async () => {
    const { clock, poller, callbacks } = start(() => ok('no'));
    poller.setTargets(['a']);
    await clock.advance(0);
    const before = poller.results();
    await clock.advance(10 * MINUTE);
    poller.setTargets(['a']);
    assert.deepEqual([poller.results() === before, callbacks.changes()], [true, 1]);
  });

  it('drops the results of targets that are gone', async () => {
    const { clock, poller, polled } = start();
    poller.setTargets(['a', 'b']);
    await clock.advance(0);
    poller.setTargets(['b']);
    assert.deepEqual([...poller.results().keys()], ['b']);
    poller.setTargets(['a', 'b']);
    await clock.advance(0);
    assert.deepEqual(polled, ['a 0', 'b 0', 'a 0']);
  });

  it('ignores the result of a target that was removed during the request', async () => {
    const { promise, resolve } = Promise.withResolvers<PollResult>();
    const { clock, poller, callbacks } = start(() => promise);
    poller.setTargets(['a']);
    await clock.advance(0);
    poller.setTargets([]);
    resolve(ok('yes'));
    await clock.advance(0);
    assert.deepEqual([poller.results().size, callbacks.changes()], [0, 0]);
  });

  it('keeps an expired result for five minutes if no newer one is available', async () => {
    let isFailing = false;
    const { clock, poller } = start(() => (isFailing ? failed('unreachable') : ok('no')));
    poller.setTargets(['a']);
    await clock.advance(0);
    isFailing = true;
    await clock.advance(6 * MINUTE);
    assert.deepEqual([...poller.results()], [['a', 'no']]);
    await clock.advance(1);
    assert.equal(poller.results().size, 0);
  });

  it('is down after a failed request, backs off, and continues with the other targets', async () => {
    const { clock, poller, polled, callbacks } = start((target) =>
      target === 'a' ? failed('bad_answer') : ok('yes'),
    );
    poller.setTargets(['a', 'b']);
    await clock.advance(SECOND - 1);
    assert.deepEqual([polled, poller.state()], [['a 0'], { isUp: false, failure: 'bad_answer' }]);
    await clock.advance(1);
    assert.deepEqual([polled, poller.state()], [['a 0', 'b 1'], { isUp: true }]);
    assert.deepEqual(callbacks.failures, ['bad_answer']);
    await clock.advance(MINUTE);
    assert.deepEqual(polled.slice(2), ['a 60']);
  });

  it('pauses for ten minutes if the request is forbidden', async () => {
    const { clock, poller, polled } = start(() => failed('forbidden'));
    poller.setTargets(['a', 'b']);
    await clock.advance(10 * MINUTE - 1);
    assert.deepEqual(polled, ['a 0']);
    await clock.advance(1);
    assert.deepEqual(polled, ['a 0', 'b 600']);
  });

  it('sends no request before Retry-After has passed', async () => {
    const { clock, poller, polled } = start(() => failed('throttled', 3 * MINUTE));
    poller.setTargets(['a']);
    await clock.advance(3 * MINUTE);
    assert.deepEqual(polled, ['a 0', 'a 180']);
  });

  it('reports a bug and continues', async () => {
    const bug = new Error('a bug');
    let isBroken = true;
    const { clock, poller, callbacks } = start(() => {
      if (isBroken) throw bug;
      return ok('yes');
    });
    poller.setTargets(['a']);
    await clock.advance(0);
    assert.deepEqual(callbacks.errors, [bug]);
    isBroken = false;
    await clock.advance(MINUTE);
    assert.equal(poller.results().get('a'), 'yes');
  });

  it('stops when the signal aborts', async () => {
    const { clock, stop, ended } = start();
    stop.abort();
    await ended;
    assert.equal(clock.sleepers(), 0);
  });
});
