/**
 * Requests, lists and watches over a connection that a test controls.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type Api, createApi, type Watcher } from '../../../../src/sources/api-server/client/api.ts';
import type { ApiRequest, HttpResponse } from '../../../../src/sources/api-server/client/connection.ts';
import { type ApiResult, failed, ResponseError } from '../../../../src/sources/api-server/client/failures.ts';
import { ok } from '../../../../src/util/result.ts';
import { settle } from '../../../support/fake-clock.ts';
import { createClock, SECOND } from '../fakes.ts';

const REQUEST: ApiRequest = {
  resource: 'pods',
  path: '/api/v1/pods',
  signal: new AbortController().signal,
};

/** A body that the test sends. Like a real one, it breaks off when the signal aborts. */
function createBody(signal: AbortSignal) {
  const chunks: Buffer[] = [];
  let isEnded = false;
  let wake = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => wake.resolve());
  const body = async function* (): AsyncIterable<Buffer> {
    for (;;) {
      yield* chunks.splice(0);
      if (signal.aborted) throw new ResponseError('unreachable');
      if (isEnded) return;
      await wake.promise;
      wake = Promise.withResolvers<void>();
    }
  };
  return {
    body: body(),
    send: (text: string) => {
      chunks.push(Buffer.from(text));
      wake.resolve();
    },
    end: () => {
      isEnded = true;
      wake.resolve();
    },
  };
}

/** An API whose responses have the status and a body that the test sends; or `result` instead of a response. */
function createTest(status = 200, result?: ApiResult<HttpResponse> | 'no response') {
  const clock = createClock();
  let current: ReturnType<typeof createBody> | undefined;
  let discarded = 0;
  const respond = ({ signal }: ApiRequest): Promise<ApiResult<HttpResponse>> => {
    current = createBody(signal);
    const discard = (): void => {
      discarded += 1;
    };
    return Promise.resolve(ok({ status, retryAfterMs: 7 * SECOND, body: current.body, discard }));
  };
  const hang = ({ signal }: ApiRequest): Promise<ApiResult<HttpResponse>> =>
    new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve(failed('timeout')));
    });
  const send = (request: ApiRequest): Promise<ApiResult<HttpResponse>> => {
    if (result === 'no response') return hang(request);
    return result === undefined ? respond(request) : Promise.resolve(result);
  };
  const api = createApi({ send, isVerified: () => true, close: () => undefined }, clock);
  const body = () => current ?? assert.fail('no request was sent');
  return { api, clock, body, discarded: () => discarded };
}

/** A watcher that records events and ends the watch at `gone`. */
function createWatcher() {
  const events: unknown[] = [];
  const watcher: Watcher = {
    onOpen: () => events.push('open'),
    onEvent: (event) => {
      if (event === 'wrong') throw new ResponseError('bad_answer');
      if (event === 'gone') return 'gone';
      events.push(event);
      return undefined;
    },
  };
  return { watcher, events };
}

type Send = (api: Api) => Promise<unknown>;

const KINDS: readonly (readonly [string, Send])[] = [
  ['a request', (api) => api.request(REQUEST)],
  ['a list', (api) => api.list(REQUEST, () => undefined)],
  ['a watch', (api) => api.watch(REQUEST, createWatcher().watcher)],
];

describe('the API client', () => {
  for (const [kind, send] of KINDS) {
    it(`returns the error if ${kind} cannot be sent`, async () => {
      const { api, clock } = createTest(0, failed('tls'));
      assert.deepEqual(await send(api), failed('tls'));
      await settle();
      assert.equal(clock.sleepers(), 0);
    });

    it(`fails with a timeout if ${kind} gets no response within 30 seconds`, async () => {
      const { api, clock } = createTest(0, 'no response');
      const result = send(api);
      await clock.advance(30 * SECOND);
      assert.deepEqual(await result, failed('timeout'));
      assert.equal(clock.sleepers(), 0);
    });

    it(`discards the body and returns Retry-After if ${kind} gets an unsuccessful status`, async () => {
      const { api, clock, discarded } = createTest(429);
      assert.deepEqual(await send(api), failed('throttled', 7 * SECOND));
      await settle();
      assert.deepEqual([discarded(), clock.sleepers()], [1, 0]);
    });
  }

  for (const [kind, send] of KINDS.slice(0, 2)) {
    it(`fails with a timeout if the body of ${kind} trickles in for 30 seconds`, async () => {
      const { api, clock, body } = createTest();
      const result = send(api);
      for (let seconds = 0; seconds < 30; seconds += 1) {
        await clock.advance(SECOND);
        body().send(' ');
      }
      assert.deepEqual(await result, failed('timeout'));
    });

    it(`fails with bad_answer if the body of ${kind} is not complete JSON`, async () => {
      const { api, body } = createTest();
      const result = send(api);
      await settle();
      body().send('{"items":[');
      body().end();
      assert.deepEqual(await result, failed('bad_answer'));
    });
  }

  it('returns the JSON of a response', async () => {
    const { api, body } = createTest(201);
    const result = api.request(REQUEST);
    await settle();
    body().send('{"a":');
    body().send('1}');
    body().end();
    assert.deepEqual(await result, ok({ a: 1 }));
  });

  it('passes on the objects of a list as they arrive and returns the list without them', async () => {
    const { api, body } = createTest();
    const items: unknown[] = [];
    const result = api.list(REQUEST, (item) => items.push(item));
    await settle();
    body().send('{"kind":"PodList","items":[{"a":1},');
    await settle();
    assert.deepEqual(items, [{ a: 1 }]);
    body().send('{"b":2}]}');
    body().end();
    assert.deepEqual(await result, ok({ kind: 'PodList', items: [0, 0] }));
  });

  it('ends a list at the first object for which the callback throws a ResponseError', async () => {
    const { api, body } = createTest();
    const result = api.list(REQUEST, () => {
      throw new ResponseError('too_large');
    });
    await settle();
    body().send('{"items":[{}');
    assert.deepEqual(await result, failed('too_large'));
  });

  it('rejects if the callback throws anything else, which is a bug', async () => {
    const { api, body } = createTest();
    const bug = new TypeError('a bug');
    const result = api.list(REQUEST, () => {
      throw bug;
    });
    const rejected = assert.rejects(result, bug);
    await settle();
    body().send('{"items":[{}');
    await rejected;
  });

  it('keeps a watch open while an event arrives at least every 150 seconds', async () => {
    const { api, clock, body } = createTest();
    const { watcher, events } = createWatcher();
    const result = api.watch(REQUEST, watcher);
    for (let times = 0; times < 5; times += 1) {
      await clock.advance(149 * SECOND);
      body().send(`${times}\n`);
    }
    await settle();
    assert.deepEqual(events, ['open', 0, 1, 2, 3, 4]);
    await clock.advance(150 * SECOND);
    assert.deepEqual(await result, failed('timeout'));
    assert.equal(clock.sleepers(), 0);
  });

  it('fails with a timeout if a watch receives bytes but no complete event', async () => {
    const { api, clock, body } = createTest();
    const result = api.watch(REQUEST, createWatcher().watcher);
    for (let times = 0; times < 15; times += 1) {
      await clock.advance(10 * SECOND);
      body().send(' ');
    }
    assert.deepEqual(await result, failed('timeout'));
  });

  const ends = [
    ['ends', 'the server ends it', '1\n', true, ok('ended')],
    ['fails', 'it ends within an event', '1\n{"hal', true, failed('bad_answer')],
    ['is gone', 'an event says so', '"gone"\n', false, ok('gone')],
    ['fails', 'the watcher throws a ResponseError', '"wrong"\n', false, failed('bad_answer')],
    ['fails', 'an event is not JSON', '<html>\n', false, failed('bad_answer')],
  ] as const;
  for (const [what, why, text, isEnded, expected] of ends)
    it(`reports that a watch ${what} if ${why}`, async () => {
      const { api, clock, body } = createTest();
      const result = api.watch(REQUEST, createWatcher().watcher);
      await settle();
      body().send(text);
      if (isEnded) body().end();
      assert.deepEqual(await result, expected);
      await settle();
      assert.equal(clock.sleepers(), 0);
    });

  it('reports that a watch is gone if it gets status 410', async () => {
    const { api, discarded } = createTest(410);
    const { watcher, events } = createWatcher();
    assert.deepEqual(await api.watch(REQUEST, watcher), ok('gone'));
    assert.deepEqual([events, discarded()], [[], 1]);
  });

  it('fails with bad_answer if anything but a watch gets status 410', async () => {
    assert.deepEqual(await createTest(410).api.request(REQUEST), failed('bad_answer', 7 * SECOND));
  });

  it('fails with the failure that a request names for status 404, and else with bad_answer', async () => {
    const request = { ...REQUEST, notFound: 'not_published' } as const;
    assert.deepEqual(await createTest(404).api.request(request), failed('not_published', 7 * SECOND));
    assert.deepEqual(await createTest(404).api.request(REQUEST), failed('bad_answer', 7 * SECOND));
    assert.deepEqual(await createTest(403).api.request(request), failed('forbidden', 7 * SECOND));
  });

  it('ends a watch when the signal of the request aborts', async () => {
    const { api, clock } = createTest();
    const stop = new AbortController();
    const result = api.watch({ ...REQUEST, signal: stop.signal }, createWatcher().watcher);
    await settle();
    stop.abort();
    assert.equal((await result).ok, false);
    await settle();
    assert.equal(clock.sleepers(), 0);
  });
});
