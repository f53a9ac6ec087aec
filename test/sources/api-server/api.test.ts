/**
 * Questions, lists and watches over a connection that does what a test says.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type Api, createApi, type Watcher } from '../../../src/sources/api-server/api.ts';
import type { Question, Reply } from '../../../src/sources/api-server/connection.ts';
import { AnswerError, type Failed, failed } from '../../../src/sources/api-server/failures.ts';
import { settle } from '../../support/fake-clock.ts';
import { createClock, SECOND } from './fakes.ts';

const QUESTION: Question = {
  resource: 'pods',
  path: '/api/v1/pods',
  signal: new AbortController().signal,
};

/** A body that the test sends, and that breaks off with the signal, as a real one does. */
function createBody(signal: AbortSignal) {
  const chunks: Buffer[] = [];
  let isEnded = false;
  let wake = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => wake.resolve());
  const body = async function* (): AsyncIterable<Buffer> {
    for (;;) {
      yield* chunks.splice(0);
      if (signal.aborted) throw new AnswerError('unreachable');
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

/** An API whose every answer has the status, and a body the test sends; with `answer`, that instead. */
function createTest(status = 200, answer?: Reply | Failed | 'nothing') {
  const clock = createClock();
  let sent: ReturnType<typeof createBody> | undefined;
  let discarded = 0;
  const replyTo = ({ signal }: Question): Promise<Reply | Failed> => {
    sent = createBody(signal);
    const discard = (): void => {
      discarded += 1;
    };
    const reply: Reply = { ok: true, status, retryAfterMs: 7 * SECOND, body: sent.body, discard };
    return Promise.resolve(reply);
  };
  const hang = ({ signal }: Question): Promise<Failed> =>
    new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve(failed('timeout')));
    });
  const ask = (question: Question): Promise<Reply | Failed> => {
    if (answer === 'nothing') return hang(question);
    return answer === undefined ? replyTo(question) : Promise.resolve(answer);
  };
  const api = createApi({ ask, close: () => undefined }, clock);
  const body = () => sent ?? assert.fail('nothing was asked');
  return { api, clock, body, discarded: () => discarded };
}

/** Hears of a watch; ends it at an event that says so. */
function createWatcher() {
  const heard: unknown[] = [];
  const watcher: Watcher = {
    onOpen: () => heard.push('open'),
    onEvent: (event) => {
      if (event === 'wrong') throw new AnswerError('bad_answer');
      if (event === 'gone') return 'gone';
      heard.push(event);
      return undefined;
    },
  };
  return { watcher, heard };
}

type Conversation = (api: Api) => Promise<unknown>;

const CONVERSATIONS: readonly (readonly [string, Conversation])[] = [
  ['a question', (api) => api.ask(QUESTION)],
  ['a list', (api) => api.list(QUESTION, () => undefined)],
  ['a watch', (api) => api.watch(QUESTION, createWatcher().watcher)],
];

describe('the API', () => {
  for (const [title, converse] of CONVERSATIONS) {
    it(`hands on why ${title} came to nothing`, async () => {
      const { api, clock } = createTest(0, failed('tls'));
      assert.deepEqual(await converse(api), failed('tls'));
      await settle();
      assert.equal(clock.sleepers(), 0);
    });

    it(`gives ${title} half a minute to be answered`, async () => {
      const { api, clock } = createTest(0, 'nothing');
      const answer = converse(api);
      await clock.advance(30 * SECOND);
      assert.deepEqual(await answer, failed('timeout'));
      assert.equal(clock.sleepers(), 0);
    });

    it(`reads nothing of ${title} that is refused, and when to come again`, async () => {
      const { api, clock, discarded } = createTest(429);
      assert.deepEqual(await converse(api), failed('throttled', 7 * SECOND));
      await settle();
      assert.deepEqual([discarded(), clock.sleepers()], [1, 0]);
    });
  }

  for (const [title, converse] of CONVERSATIONS.slice(0, 2)) {
    it(`gives ${title} half a minute to its end, however it trickles in`, async () => {
      const { api, clock, body } = createTest();
      const answer = converse(api);
      for (let seconds = 0; seconds < 30; seconds += 1) {
        await clock.advance(SECOND);
        body().send(' ');
      }
      assert.deepEqual(await answer, failed('timeout'));
    });

    it(`tells of ${title} that breaks off or is no JSON`, async () => {
      const { api, body } = createTest();
      const answer = converse(api);
      await settle();
      body().send('{"items":[');
      body().end();
      assert.deepEqual(await answer, failed('bad_answer'));
    });
  }

  it('answers a question with its JSON', async () => {
    const { api, body } = createTest(201);
    const answer = api.ask(QUESTION);
    await settle();
    body().send('{"a":');
    body().send('1}');
    body().end();
    assert.deepEqual(await answer, { ok: true, value: { a: 1 } });
  });

  it('answers a list with its frame, and its objects before', async () => {
    const { api, body } = createTest();
    const items: unknown[] = [];
    const answer = api.list(QUESTION, (item) => items.push(item));
    await settle();
    body().send('{"kind":"PodList","items":[{"a":1},');
    await settle();
    assert.deepEqual(items, [{ a: 1 }]);
    body().send('{"b":2}]}');
    body().end();
    assert.deepEqual(await answer, { ok: true, value: { kind: 'PodList', items: [0, 0] } });
  });

  it('ends a list at an object that is refused', async () => {
    const { api, body } = createTest();
    const answer = api.list(QUESTION, () => {
      throw new AnswerError('too_large');
    });
    await settle();
    body().send('{"items":[{}');
    assert.deepEqual(await answer, failed('too_large'));
  });

  it('lets a bug through', async () => {
    const { api, body } = createTest();
    const bug = new TypeError('a bug');
    const answer = api.list(QUESTION, () => {
      throw bug;
    });
    const refused = assert.rejects(answer, bug);
    await settle();
    body().send('{"items":[{}');
    await refused;
  });

  it('watches for as long as something is said within two and a half minutes', async () => {
    const { api, clock, body } = createTest();
    const { watcher, heard } = createWatcher();
    const answer = api.watch(QUESTION, watcher);
    for (let times = 0; times < 5; times += 1) {
      await clock.advance(149 * SECOND);
      body().send(`${times}\n`);
    }
    await settle();
    assert.deepEqual(heard, ['open', 0, 1, 2, 3, 4]);
    await clock.advance(150 * SECOND);
    assert.deepEqual(await answer, failed('timeout'));
    assert.equal(clock.sleepers(), 0);
  });

  it('takes bytes that make no event for silence', async () => {
    const { api, clock, body } = createTest();
    const answer = api.watch(QUESTION, createWatcher().watcher);
    for (let times = 0; times < 15; times += 1) {
      await clock.advance(10 * SECOND);
      body().send(' ');
    }
    assert.deepEqual(await answer, failed('timeout'));
  });

  const ends = [
    ['that the server ends', '1\n', true, { ok: true, value: 'ended' }],
    ['that ends within an event', '1\n{"hal', true, failed('bad_answer')],
    ['that says it is gone', '"gone"\n', false, { ok: true, value: 'gone' }],
    ['that says what is wrong', '"wrong"\n', false, failed('bad_answer')],
    ['that is no JSON', '<html>\n', false, failed('bad_answer')],
  ] as const;
  for (const [title, text, isEnded, expected] of ends)
    it(`tells of a watch ${title}`, async () => {
      const { api, clock, body } = createTest();
      const answer = api.watch(QUESTION, createWatcher().watcher);
      await settle();
      body().send(text);
      if (isEnded) body().end();
      assert.deepEqual(await answer, expected);
      await settle();
      assert.equal(clock.sleepers(), 0);
    });

  it('tells of a watch that is refused since its version is too old', async () => {
    const { api, discarded } = createTest(410);
    const { watcher, heard } = createWatcher();
    assert.deepEqual(await api.watch(QUESTION, watcher), { ok: true, value: 'gone' });
    assert.deepEqual([heard, discarded()], [[], 1]);
  });

  it('takes 410 for a wrong answer to anything else', async () => {
    assert.deepEqual(await createTest(410).api.ask(QUESTION), failed('bad_answer', 7 * SECOND));
  });

  it('ends with the signal', async () => {
    const { api, clock } = createTest();
    const stop = new AbortController();
    const answer = api.watch({ ...QUESTION, signal: stop.signal }, createWatcher().watcher);
    await settle();
    stop.abort();
    assert.equal((await answer).ok, false);
    await settle();
    assert.equal(clock.sleepers(), 0);
  });
});
