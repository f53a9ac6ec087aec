/**
 * The whole source where every answer is anything at all: it goes on, and knows nothing that is not so shaped.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { createCluster } from '../../../src/sources/api-server/api-server.ts';
import type { Connection, Question } from '../../../src/sources/api-server/connection.ts';
import { token } from '../../support/tokens.ts';
import { createClock, createNotes, MINUTE } from './fakes.ts';
import { account, bookmark, DISCOVERY, failedMount, type Json, list, metadata, pod } from './objects.ts';

/** One answer: a status and a body. */
interface Said {
  readonly status: number;
  readonly body: string;
}

/** A connection over which this is said, one after another and over again. */
function createHostile(said: readonly Said[]): Connection {
  let turn = 0;
  const ask = async ({ path }: Question) => {
    const { status, body } = said[turn++ % said.length] ?? assert.fail('nothing to say');
    const chunks = async function* (): AsyncIterable<Buffer> {
      yield Buffer.from(path.includes('watch=true') ? `${body}\n` : body);
    };
    return { ok: true, status, retryAfterMs: 0, body: chunks(), discard: () => undefined } as const;
  };
  return { ask, close: () => undefined };
}

const anything = fc.jsonValue() as fc.Arbitrary<unknown>;

/** Some valid thing with anything in the place of one of its fields. */
function spoilt(...valid: readonly Json[]): fc.Arbitrary<unknown> {
  const places = valid.flatMap((one) => Object.keys(one).map((key) => ({ one, key })));
  return fc
    .tuple(fc.constantFrom(...places), anything)
    .map(([{ one, key }, value]) => ({ ...one, [key]: value }));
}

const events = ['ADDED', 'MODIFIED', 'DELETED'].flatMap((type) => [
  { type, object: pod() },
  { type, object: account() },
]);
const answer = fc.oneof(
  anything.map((value) => JSON.stringify(value)),
  fc.string(),
  fc.constantFrom(
    JSON.stringify(list('Pod', [pod()])),
    JSON.stringify(list('ServiceAccount', [account()])),
    JSON.stringify(bookmark('Pod', '9')),
  ),
  spoilt(
    list('Pod', [pod()]),
    list('ServiceAccount', [account()]),
    list('Pod', [pod({ metadata: metadata({ name: '\u0000' }) })]),
    list('Event', [failedMount('')]),
    ...events,
    DISCOVERY,
    { keys: [] },
    { status: {} },
  ).map((value) => JSON.stringify(value)),
);
const said = fc.record({
  status: fc.constantFrom(200, 200, 200, 201, 204, 302, 401, 403, 410, 429, 500),
  body: answer,
});

async function survive(all: readonly Said[]): Promise<void> {
  const clock = createClock();
  const notes = createNotes();
  const suspect = token();
  const source = createCluster({
    connection: createHostile(all),
    nodeName: 'node-1',
    clock,
    random: () => 0,
    readRaw: (_token, use) => use(Buffer.from('a.b.c')),
    ownAudiences: () => undefined,
    tokenReview: 'all',
    requestsPerMinute: 10,
    listener: notes,
  });
  const stop = new AbortController();
  const ended = source.run(stop.signal);
  source.inspect({ tokens: [suspect], suspects: [suspect], suspectPods: [{ uid: 'a', namespace: 'b' }] });
  for (let minute = 0; minute < 3; minute += 1) {
    await clock.advance(MINUTE / 4);
    const { pods = new Map(), accounts = new Map() } = source.facts();
    assert.ok(
      [...pods, ...accounts].every(
        ([key, facts]) => typeof key === 'string' && typeof facts.uid === 'string',
      ),
    );
  }
  stop.abort();
  await ended;
  assert.deepEqual([notes.errors, clock.sleepers()], [[], 0]);
}

describe('an API server that says anything', () => {
  it('makes no bug show, ends nothing, and is believed nothing that it cannot mean', async () => {
    await fc.assert(fc.asyncProperty(fc.array(said, { minLength: 1, maxLength: 8 }), survive), {
      numRuns: 300,
    });
  });
});
