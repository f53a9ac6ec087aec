/**
 * The whole source against an API server whose responses are arbitrary: it keeps running and believes nothing malformed.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { CLUSTER_RESOURCES } from '../../../src/core/cluster-facts.ts';
import { createApiServerSource } from '../../../src/sources/api-server/api-server.ts';
import type { ApiRequest, Connection } from '../../../src/sources/api-server/client/connection.ts';
import { ok } from '../../../src/util/result.ts';
import { token } from '../../support/tokens.ts';
import { createCallbacks, createClock, MINUTE } from './fakes.ts';
import { lookups } from './harness.ts';
import { account, bookmark, DISCOVERY, failedMount, type Json, list, metadata, pod } from './objects.ts';

interface Response {
  readonly status: number;
  readonly body: string;
}

/** A connection that returns these responses in turn, over and over. */
function createHostileConnection(responses: readonly Response[]): Connection {
  let turn = 0;
  const send = async ({ path }: ApiRequest) => {
    const { status, body } = responses[turn++ % responses.length] ?? assert.fail('no response');
    const chunks = async function* (): AsyncIterable<Buffer> {
      yield Buffer.from(path.includes('watch=true') ? `${body}\n` : body);
    };
    return ok({ status, retryAfterMs: 0, body: chunks(), discard: () => undefined });
  };
  return { send, isVerified: () => true, close: () => undefined };
}

const anything = fc.jsonValue() as fc.Arbitrary<unknown>;

/** A valid object with one field replaced by an arbitrary value. */
function spoiled(...valid: readonly Json[]): fc.Arbitrary<unknown> {
  const fields = valid.flatMap((object) => Object.keys(object).map((key) => ({ object, key })));
  return fc
    .tuple(fc.constantFrom(...fields), anything)
    .map(([{ object, key }, value]) => ({ ...object, [key]: value }));
}

const events = ['ADDED', 'MODIFIED', 'DELETED'].flatMap((type) => [
  { type, object: pod() },
  { type, object: account() },
]);
const body = fc.oneof(
  anything.map((value) => JSON.stringify(value)),
  fc.string(),
  fc.constantFrom(
    JSON.stringify(list('Pod', [pod()])),
    JSON.stringify(list('ServiceAccount', [account()])),
    JSON.stringify(bookmark('Pod', '9')),
  ),
  spoiled(
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
const response = fc.record({
  status: fc.constantFrom(200, 200, 200, 201, 204, 302, 401, 403, 410, 429, 500),
  body,
});

async function survive(responses: readonly Response[]): Promise<void> {
  const clock = createClock();
  const callbacks = createCallbacks();
  const failing = token();
  const source = createApiServerSource({
    connection: createHostileConnection(responses),
    nodeName: 'node-1',
    clock,
    random: () => 0,
    readRaw: (_token, use) => use(Buffer.from('a.b.c')),
    isOnce: false,
    resources: new Set(CLUSTER_RESOURCES),
    exporterToken: () => undefined,
    lookupScope: { tokenReview: 'all' },
    requestsPerMinute: 10,
    callbacks,
  });
  const stop = new AbortController();
  const ended = source.run(stop.signal);
  source.setTargets([failing], lookups([failing], [{ uid: 'a', namespace: 'b' }]));
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
  assert.deepEqual([callbacks.errors, clock.sleepers()], [[], 0]);
}

describe('the API server source', () => {
  it('throws nothing, keeps running and returns well-formed facts for arbitrary responses', async () => {
    await fc.assert(fc.asyncProperty(fc.array(response, { minLength: 1, maxLength: 8 }), survive), {
      numRuns: 300,
    });
  });
});
