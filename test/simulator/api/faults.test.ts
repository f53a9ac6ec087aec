/**
 * Each fault of the simulated API server, as seen by clients that list and watch.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Fault } from '../../../simulator/api/faults.ts';
import { PODS_OF_NODE, type TestApi, until, withApi } from './client.ts';

type FaultKind = Fault['kind'];

interface Case {
  readonly fault: Fault;
  /** Asserts what a client that lists pods receives. */
  readonly list: (t: TestApi) => Promise<void>;
  /** Asserts what a client that watches pods receives. */
  readonly watch: (t: TestApi) => Promise<void>;
}

const WATCH = `${PODS_OF_NODE}&watch=1`;

/** The connection is accepted, and no response arrives until the client aborts. */
async function assertNoResponse(t: TestApi, path: string): Promise<void> {
  const client = new AbortController();
  const before = t.api.requests().length;
  const response = t.fetch(path, { signal: client.signal });
  await until(() => t.api.requests().length > before);
  // A complete request and response on another connection: enough time for a response to the first.
  t.api.chaos.heal();
  await (await t.fetch('/version')).text();
  client.abort();
  await assert.rejects(response, { name: 'AbortError' });
}

const fails = (path: string) => (t: TestApi) => assert.rejects(t.fetch(path), TypeError);

const responds =
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
  list: responds(PODS_OF_NODE, code),
  watch: responds(WATCH, code),
});

/** Reads 5 MB of an endless body. */
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
  'accepts a request and never responds': {
    fault: { kind: 'freeze' },
    list: (t) => assertNoResponse(t, PODS_OF_NODE),
    watch: (t) => assertNoResponse(t, WATCH),
  },
  'resets the connection': { fault: { kind: 'reset' }, list: fails(PODS_OF_NODE), watch: fails(WATCH) },
  'responds with 401': status(401),
  'responds with 403': status(403),
  'responds with 410': status(410),
  'responds with 500': status(500),
  'responds with 429 and Retry-After': {
    fault: { kind: 'status', code: 429, retryAfterSeconds: 7 },
    list: responds(PODS_OF_NODE, 429, { 'retry-after': '7' }),
    watch: responds(WATCH, 429, { 'retry-after': '7' }),
  },
  'sends truncated JSON': {
    fault: { kind: 'half' },
    list: async (t) => {
      const response = await t.fetch(PODS_OF_NODE);
      assert.equal(response.status, 200);
      await assert.rejects(response.json(), SyntaxError);
    },
    watch: async (t) => assert.rejects((await t.fetch(WATCH)).json(), SyntaxError),
  },
  'sends objects of another kind': {
    fault: { kind: 'wrong_kind' },
    list: async (t) => assert.equal((await t.list(PODS_OF_NODE)).kind, 'NodeList'),
    watch: async (t) => assert.equal((await (await t.watch(PODS_OF_NODE)).next())?.object.kind, 'Node'),
  },
  'sends 20,000 objects': {
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
  'sends an endless body': {
    fault: { kind: 'endless' },
    list: (t) => readMuch(t, PODS_OF_NODE),
    watch: (t) => readMuch(t, WATCH),
  },
  'responds after a delay': {
    fault: { kind: 'slow', seconds: 30 },
    list: async (t) => {
      const list = t.list(PODS_OF_NODE);
      await until(() => t.clock.pending() === 1);
      t.clock.advance(30);
      assert.equal((await list).kind, 'PodList');
    },
    watch: async (t) => {
      const reader = t.watch(PODS_OF_NODE);
      await until(() => t.clock.pending() === 1);
      t.clock.advance(30);
      assert.equal((await (await reader).next())?.type, 'ADDED');
    },
  },
  'sends no events to watches': {
    fault: { kind: 'silent' },
    list: async (t) => assert.equal((await t.list(PODS_OF_NODE)).items.length, 1),
    watch: async (t) => {
      const reader = await t.watch(`${PODS_OF_NODE}&allowWatchBookmarks=true`);
      t.addPod({ name: 'not-sent' });
      t.api.bookmark();
      t.api.chaos.heal();
      t.addPod({ name: 'sent' });
      assert.equal((await reader.next())?.object.metadata.name, 'sent');
    },
  },
  'ends watches with 410 right after their start': {
    fault: { kind: 'gone' },
    list: async (t) => assert.equal((await t.list(PODS_OF_NODE)).items.length, 1),
    watch: async (t) => {
      const reader = await t.watch(PODS_OF_NODE);
      const frame = await reader.next();
      assert.deepEqual([frame?.type, frame?.object.code, frame?.object.reason], ['ERROR', 410, 'Expired']);
      assert.equal(await reader.next(), undefined);
    },
  },
  'closes watches without an event': {
    fault: { kind: 'closed' },
    list: async (t) => assert.equal((await t.list(PODS_OF_NODE)).items.length, 1),
    watch: async (t) => {
      const response = await t.fetch(WATCH);
      assert.deepEqual([response.status, await response.text()], [200, '']);
    },
  },
};

describe('a simulated API server with a fault', () => {
  for (const [title, { fault, list, watch }] of Object.entries(CASES)) {
    for (const [verb, see] of Object.entries({ list, watch })) {
      it(
        `${title} for a ${verb} until the fault ends`,
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

  it('is tested with every kind of fault', () => {
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
      gone: true,
      closed: true,
    };
    assert.deepEqual(
      new Set(Object.values(CASES).map(({ fault }) => fault.kind)),
      new Set(Object.keys(kinds)),
    );
  });
});
