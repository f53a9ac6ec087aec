/**
 * The faults of the simulated API server: each is what it says, where it is asked for, until it is healed.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Fault } from '../../../simulator/api/faults.ts';
import { PODS_OF_NODE, type TestApi, until, withApi } from './client.ts';

type FaultKind = Fault['kind'];

interface Case {
  readonly fault: Fault;
  /** What a client sees that lists pods. */
  readonly list: (t: TestApi) => Promise<void>;
  /** What a client sees that watches them. */
  readonly watch: (t: TestApi) => Promise<void>;
}

const WATCH = `${PODS_OF_NODE}&watch=1`;

/** The connection is there, and nothing comes until the client gives up. */
async function assertNoAnswer(t: TestApi, path: string): Promise<void> {
  const impatience = new AbortController();
  const asked = t.api.requests().length;
  const answer = t.fetch(path, { signal: impatience.signal });
  await until(() => t.api.requests().length > asked);
  // Another request goes the whole way meanwhile: the first one had its time.
  t.api.chaos.heal();
  await (await t.fetch('/version')).text();
  impatience.abort();
  await assert.rejects(answer, { name: 'AbortError' });
}

const fails = (path: string) => (t: TestApi) => assert.rejects(t.fetch(path), TypeError);

const answers =
  (path: string, status: number, headers: Readonly<Record<string, string>> = {}) =>
  async (t: TestApi): Promise<void> => {
    const response = await t.fetch(path);
    assert.equal(response.status, status);
    for (const [name, value] of Object.entries(headers)) assert.equal(response.headers.get(name), value);
    const body = await response.text();
    if (response.headers.get('content-type') === 'application/json')
      assert.equal((JSON.parse(body) as { code: number }).code, status);
  };

const status = (code: 401 | 403 | 410 | 500): Case => ({
  fault: { kind: 'status', code },
  list: answers(PODS_OF_NODE, code),
  watch: answers(WATCH, code),
});

/** Reads a body that does not end, far enough to know. */
async function readMuch(t: TestApi, path: string): Promise<void> {
  const response = await t.fetch(path);
  const reader = response.body?.getReader();
  let read = 0;
  while (read < 5_000_000) {
    const { done, value } = (await reader?.read()) ?? { done: true };
    assert.equal(done, false);
    read += value?.length ?? 0;
  }
  await reader?.cancel();
}

const linesOf = async (t: TestApi, path: string): Promise<readonly string[]> =>
  (await (await t.fetch(path)).text()).split('\n').filter((line) => line !== '');

const CASES: Readonly<Record<string, Case>> = {
  'accepts and never answers': {
    fault: { kind: 'freeze' },
    list: (t) => assertNoAnswer(t, PODS_OF_NODE),
    watch: (t) => assertNoAnswer(t, WATCH),
  },
  'cuts the connection': { fault: { kind: 'reset' }, list: fails(PODS_OF_NODE), watch: fails(WATCH) },
  'knows nobody': status(401),
  'allows nothing': status(403),
  'has forgotten': status(410),
  'cannot reach its store': status(500),
  'asks for patience': {
    fault: { kind: 'status', code: 429, retryAfterSeconds: 7 },
    list: answers(PODS_OF_NODE, 429, { 'retry-after': '7' }),
    watch: answers(WATCH, 429, { 'retry-after': '7' }),
  },
  'breaks off in the middle': {
    fault: { kind: 'half' },
    list: async (t) => {
      const response = await t.fetch(PODS_OF_NODE);
      assert.equal(response.status, 200);
      await assert.rejects(response.json(), SyntaxError);
    },
    watch: async (t) => assert.rejects((await t.fetch(WATCH)).json(), SyntaxError),
  },
  'talks of something else': {
    fault: { kind: 'wrong_kind' },
    list: async (t) => assert.equal((await t.list(PODS_OF_NODE)).kind, 'NodeList'),
    watch: async (t) => assert.equal((await (await t.watch(PODS_OF_NODE)).next())?.object.kind, 'Node'),
  },
  'lists more than anybody can have': {
    fault: { kind: 'huge', objects: 20_000 },
    list: async (t) => {
      const { kind, items } = await t.list(PODS_OF_NODE);
      assert.deepEqual(
        [kind, items.length, items[19_999]?.metadata.name],
        ['PodList', 20_000, 'filler-19999'],
      );
    },
    watch: async (t) => {
      const lines = await linesOf(t, WATCH);
      assert.deepEqual(
        [lines.length, (JSON.parse(lines[19_999] ?? '') as { type: string }).type],
        [20_000, 'ADDED'],
      );
    },
  },
  'never ends': {
    fault: { kind: 'endless' },
    list: (t) => readMuch(t, PODS_OF_NODE),
    watch: (t) => readMuch(t, WATCH),
  },
  'answers in its own time': {
    fault: { kind: 'slow', seconds: 30 },
    list: async (t) => {
      const answer = t.list(PODS_OF_NODE);
      await until(() => t.clock.pending() === 1);
      t.clock.advance(30);
      assert.equal((await answer).kind, 'PodList');
    },
    watch: async (t) => {
      const reader = t.watch(PODS_OF_NODE);
      await until(() => t.clock.pending() === 1);
      t.clock.advance(30);
      assert.equal((await (await reader).next())?.type, 'ADDED');
    },
  },
  'says nothing to watches': {
    fault: { kind: 'silent' },
    list: async (t) => assert.equal((await t.list(PODS_OF_NODE)).items.length, 1),
    watch: async (t) => {
      const reader = await t.watch(`${PODS_OF_NODE}&allowWatchBookmarks=true`);
      t.addPod({ name: 'unheard-of' });
      t.api.bookmark();
      t.api.chaos.heal();
      t.addPod({ name: 'heard-of' });
      assert.equal((await reader.next())?.object.metadata.name, 'heard-of');
    },
  },
};

describe('a faulty API server', () => {
  for (const [title, { fault, list, watch }] of Object.entries(CASES)) {
    for (const [verb, see] of Object.entries({ list, watch })) {
      it(
        `${title}, of a ${verb}, and is well once healed`,
        withApi(async (t) => {
          t.addPod({ name: 'web' });
          const heal = t.api.chaos.inject(fault, { resource: 'pods' });
          await see(t);
          heal();
          assert.equal((await t.list(PODS_OF_NODE)).kind, 'PodList');
        }),
      );
    }
  }

  it('has a case for every fault', () => {
    const kinds: Readonly<Record<FaultKind, true>> = {
      freeze: true,
      slow: true,
      reset: true,
      status: true,
      half: true,
      wrong_kind: true,
      huge: true,
      endless: true,
      silent: true,
    };
    assert.deepEqual(
      new Set(Object.values(CASES).map(({ fault }) => fault.kind)),
      new Set(Object.keys(kinds)),
    );
  });
});
