/**
 * When the issuer and the public keys are fetched, and how long they stay known.
 */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { afterEach, describe, it } from 'mocha';
import type { TokenClaims } from '../../../../src/core/token/token.ts';
import { failed } from '../../../../src/sources/api-server/client/failures.ts';
import { createRefreshSchedule, createSigningKeys } from '../../../../src/sources/api-server/keys/jwks.ts';
import { ok } from '../../../../src/util/result.ts';
import { claims, ISSUER, legacyToken, NOW, token } from '../../../support/tokens.ts';
import { createCallbacks, createClock, createFakeApi, MINUTE, SECOND } from '../fakes.ts';
import { jwk } from '../objects.ts';

const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

describe('the refresh schedule', () => {
  const minutes = (schedule: ReturnType<typeof createRefreshSchedule>) => schedule.intervalMs() / MINUTE;

  it('has an interval of half an hour if no id is missing', () => {
    const schedule = createRefreshSchedule();
    schedule.setPublished(new Set(['a']));
    assert.deepEqual([schedule.setReferenced(new Set(['a'])), minutes(schedule)], [false, 30]);
  });

  it('has an interval of a minute once an id is missing, which doubles until it is published', () => {
    const schedule = createRefreshSchedule();
    schedule.setPublished(new Set(['a']));
    assert.equal(schedule.setReferenced(new Set(['a', 'b'])), true);
    assert.equal(schedule.setReferenced(new Set(['a', 'b'])), false);
    const intervals = [minutes(schedule)];
    for (let times = 0; times < 7; times += 1) {
      schedule.setPublished(new Set(['a']));
      intervals.push(minutes(schedule));
    }
    assert.deepEqual(intervals, [1, 1, 2, 4, 8, 16, 30, 30]);
  });

  it('starts over if another id is missing', () => {
    const schedule = createRefreshSchedule();
    schedule.setReferenced(new Set(['b']));
    for (let times = 0; times < 4; times += 1) schedule.setPublished(new Set(['a']));
    assert.equal(minutes(schedule), 8);
    assert.equal(schedule.setReferenced(new Set(['b', 'c'])), true);
    assert.equal(minutes(schedule), 1);
  });

  it('returns to half an hour if the id is published or no longer referenced', () => {
    const schedule = createRefreshSchedule();
    schedule.setReferenced(new Set(['b']));
    schedule.setPublished(new Set(['b']));
    assert.equal(minutes(schedule), 30);
    schedule.setReferenced(new Set(['c']));
    assert.equal(schedule.setReferenced(new Set()), false);
    assert.equal(minutes(schedule), 30);
  });
});

const stops = new Set<AbortController>();

/** Signing keys that are kept up to date from a fake API server. With a `random` of 0 intervals are not lengthened. */
async function start({ exporter = undefined as TokenClaims | undefined, random = 0 } = {}) {
  const server = {
    issuer: ISSUER,
    kids: ['key-1'],
    failure: undefined as ReturnType<typeof failed> | undefined,
  };
  const clock = createClock();
  const callbacks = createCallbacks();
  const api = createFakeApi(clock, {
    request: ({ path }) => {
      if (server.failure !== undefined) return server.failure;
      const keys = server.kids.map((kid) => jwk(kid, publicKey));
      return ok(path.includes('jwks') ? { keys } : { issuer: server.issuer });
    },
  });
  let keyChanges = 0;
  const signingKeys = createSigningKeys({
    api,
    clock,
    random: () => random,
    callbacks,
    exporterToken: () => exporter,
    onKeysChange: () => {
      keyChanges += 1;
    },
  });
  const stop = new AbortController();
  stops.add(stop);
  const ended = signingKeys.run(stop.signal);
  await clock.advance(0);
  const reference = (...kids: readonly string[]) =>
    signingKeys.setTokens(kids.map((keyId) => token({ claims: { keyId } })));
  /** Minutes at which both documents were fetched. */
  const fetchTimes = () => {
    const times = (path: string) =>
      api.requests.filter((request) => request.path === path).map(({ atMs }) => atMs / MINUTE);
    assert.ok(times('/openid/v1/jwks').length <= times('/.well-known/openid-configuration').length);
    return times('/.well-known/openid-configuration');
  };
  return {
    server,
    clock,
    callbacks,
    signingKeys,
    stop,
    ended,
    reference,
    fetchTimes,
    keyChanges: () => keyChanges,
  };
}

describe('the signing keys', () => {
  afterEach(() => {
    for (const stop of stops) stop.abort();
    stops.clear();
  });

  it('come with the issuer and the time of the request, without audiences if there is no own token', async () => {
    const { signingKeys } = await start();
    assert.deepEqual(signingKeys.authority(), {
      readAt: NOW,
      issuer: ISSUER,
      keyIds: new Set(['key-1']),
      audiences: undefined,
      audiencesIssuedAt: 0,
    });
    assert.deepEqual(
      [signingKeys.state(), [...signingKeys.publicKeys().keys()]],
      [{ isUp: true }, ['key-1']],
    );
  });

  it("come with the audiences of the exporter's token if they are known", async () => {
    const exporter = claims({ audiences: ['https://api', 'more'], issuedAt: NOW - 60 });
    const { signingKeys } = await start({ exporter });
    const { audiences, audiencesIssuedAt } = signingKeys.authority() ?? {};
    assert.deepEqual([audiences, audiencesIssuedAt], [['https://api', 'more'], NOW - 60]);
  });

  it("come without audiences if the exporter's token has another issuer", async () => {
    const { signingKeys } = await start({ exporter: claims({ issuer: 'https://former' }) });
    assert.equal(signingKeys.authority()?.audiences, undefined);
  });

  it('stay the same objects until a refresh changes them', async () => {
    const { clock, signingKeys } = await start();
    const [authority, publicKeys] = [signingKeys.authority(), signingKeys.publicKeys()];
    assert.equal(signingKeys.authority(), authority);
    await clock.advance(30 * MINUTE);
    assert.equal(signingKeys.authority()?.readAt, NOW + 30 * 60);
    assert.equal(signingKeys.publicKeys(), publicKeys);
  });

  it('have a time in whole seconds, because a token issued in the same second may be newer', async () => {
    const { clock, signingKeys, reference } = await start();
    await clock.advance(MINUTE + SECOND / 2);
    reference('key-2');
    await clock.advance(0);
    assert.equal(signingKeys.authority()?.readAt, NOW + 60);
  });

  it('are refreshed after 30 to 40 minutes', async () => {
    for (const [random, expected] of [
      [0, [0, 30, 60, 90]],
      [1, [0, 40, 80, 120]],
    ] as const) {
      const { clock, fetchTimes } = await start({ random });
      await clock.advance((expected.at(-1) ?? 0) * MINUTE);
      assert.deepEqual(fetchTimes(), expected);
    }
  });

  it('are refreshed if a token references an unknown key, at most once a minute', async () => {
    const { server, clock, signingKeys, reference, fetchTimes } = await start();
    await clock.advance(10 * SECOND);
    server.kids = ['key-2', 'key-1'];
    reference('key-1', 'key-2');
    await clock.advance(50 * SECOND - 1);
    assert.deepEqual(fetchTimes(), [0]);
    await clock.advance(1);
    assert.deepEqual(fetchTimes(), [0, 1]);
    assert.deepEqual(signingKeys.authority()?.keyIds, new Set(['key-2', 'key-1']));
    await clock.advance(10 * MINUTE);
    assert.deepEqual(fetchTimes(), [0, 1]);
  });

  it('are refreshed at once if a token references an unknown key and the last refresh was long ago', async () => {
    const { clock, reference, fetchTimes } = await start();
    await clock.advance(10 * MINUTE);
    reference('key-2');
    await clock.advance(0);
    assert.deepEqual(fetchTimes(), [0, 10]);
  });

  it('are refreshed if a token with a known key has another issuer', async () => {
    const { server, clock, signingKeys, fetchTimes } = await start();
    await clock.advance(10 * MINUTE);
    server.issuer = 'https://other';
    signingKeys.setTokens([token({ claims: { issuer: 'https://other' } })]);
    await clock.advance(0);
    assert.deepEqual(fetchTimes(), [0, 10]);
    assert.equal(signingKeys.authority()?.issuer, 'https://other');
  });

  it('are refreshed after a sign of a change, spread over two minutes and at most once a minute', async () => {
    for (const [random, expected] of [
      [0, [0, 15]],
      [0.5, [0, 16]],
    ] as const) {
      const { clock, signingKeys, fetchTimes } = await start({ random });
      await clock.advance(15 * MINUTE);
      for (let times = 0; times < 3; times += 1) signingKeys.suspect();
      await clock.advance(2 * MINUTE);
      assert.deepEqual(fetchTimes(), expected);
    }
    const { clock, signingKeys, fetchTimes } = await start();
    signingKeys.suspect();
    await clock.advance(MINUTE - 1);
    assert.deepEqual(fetchTimes(), [0]);
    await clock.advance(1);
    assert.deepEqual(fetchTimes(), [0, 1]);
  });

  it('are refreshed at the scheduled time if it comes first', async () => {
    const { clock, signingKeys, fetchTimes } = await start({ random: 1 });
    await clock.advance(39 * MINUTE);
    signingKeys.suspect();
    await clock.advance(MINUTE);
    assert.deepEqual(fetchTimes(), [0, 40]);
  });

  it('are refreshed at once if requests are rejected and a token with a new key appears', async () => {
    const { server, clock, reference, fetchTimes } = await start({ random: 1 });
    server.failure = failed('unauthorized');
    await clock.advance(40 * MINUTE);
    assert.deepEqual(fetchTimes(), [0, 40]);
    server.failure = undefined;
    reference('key-2');
    await clock.advance(10 * SECOND);
    assert.equal(fetchTimes().length, 3);
  });

  it('are not refreshed before Retry-After has passed, even after a sign of a change', async () => {
    const { server, clock, signingKeys, reference, fetchTimes } = await start();
    server.failure = failed('throttled', 5 * MINUTE);
    await clock.advance(30 * MINUTE);
    signingKeys.suspect();
    reference('key-2');
    await clock.advance(5 * MINUTE - 1);
    assert.deepEqual(fetchTimes(), [0, 30]);
  });

  it('report a change of the issuer or the keys, but not the first response', async () => {
    const { server, clock, keyChanges } = await start();
    await clock.advance(30 * MINUTE);
    assert.equal(keyChanges(), 0);
    server.kids = ['key-1', 'key-2'];
    await clock.advance(30 * MINUTE);
    assert.equal(keyChanges(), 1);
    server.issuer = 'https://other';
    await clock.advance(30 * MINUTE);
    assert.equal(keyChanges(), 2);
  });

  it('are not refreshed because of the issuer of a legacy token', async () => {
    const { clock, signingKeys, fetchTimes } = await start();
    await clock.advance(10 * MINUTE);
    signingKeys.setTokens([legacyToken()]);
    await clock.advance(0);
    assert.deepEqual(fetchTimes(), [0]);
  });

  it('replace the previous ones', async () => {
    const { server, clock, signingKeys, callbacks } = await start();
    const before = callbacks.changes();
    server.kids = ['key-2'];
    server.issuer = 'https://other';
    await clock.advance(30 * MINUTE);
    assert.deepEqual([...signingKeys.publicKeys().keys()], ['key-2']);
    assert.equal(signingKeys.authority()?.issuer, 'https://other');
    assert.equal(callbacks.changes(), before + 1);
  });

  it('are unknown while refreshes fail, but verify signatures, and are known after the next successful one', async () => {
    const { server, clock, signingKeys, callbacks, fetchTimes } = await start();
    server.failure = failed('server_error');
    await clock.advance(30 * MINUTE);
    assert.equal(signingKeys.authority(), undefined);
    assert.deepEqual([...signingKeys.publicKeys().keys()], ['key-1']);
    await clock.advance(30 * MINUTE);
    assert.deepEqual(signingKeys.state(), { isUp: false, failure: 'server_error' });
    assert.ok(callbacks.failures.length > 10 && fetchTimes().length > 10);
    server.failure = undefined;
    await clock.advance(2 * MINUTE);
    assert.notEqual(signingKeys.authority(), undefined);
    assert.deepEqual([signingKeys.state(), callbacks.recoveries()], [{ isUp: true }, 1]);
  });

  it('are down within two minutes if the API server is gone, and up two minutes after it is back', async () => {
    const { server, clock, signingKeys } = await start({ random: 1 });
    await clock.advance(5 * MINUTE);
    server.failure = failed('unreachable');
    signingKeys.suspect();
    await clock.advance(2 * MINUTE);
    assert.deepEqual(signingKeys.state(), { isUp: false, failure: 'unreachable' });
    await clock.advance(59 * MINUTE);
    server.failure = undefined;
    await clock.advance(2 * MINUTE);
    assert.deepEqual(signingKeys.state(), { isUp: true });
  });

  it('are not published, and unknown, if there are no documents, which is no failure', async () => {
    const { server, clock, signingKeys, callbacks, fetchTimes } = await start();
    server.failure = failed('not_published');
    await clock.advance(30 * MINUTE);
    assert.deepEqual(signingKeys.state(), { isUp: true, reason: 'not_published' });
    assert.deepEqual([signingKeys.authority(), signingKeys.publicKeys().size], [undefined, 0]);
    await clock.advance(60 * MINUTE);
    assert.deepEqual([callbacks.failures, fetchTimes()], [[], [0, 30, 60, 90]]);
    server.failure = undefined;
    await clock.advance(30 * MINUTE);
    assert.deepEqual(signingKeys.state(), { isUp: true });
    assert.notEqual(signingKeys.authority(), undefined);
  });

  it('are down with bad_answer if a document is malformed', async () => {
    const { server, clock, signingKeys } = await start();
    server.issuer = '';
    await clock.advance(30 * MINUTE);
    assert.deepEqual(signingKeys.state(), { isUp: false, failure: 'bad_answer' });
  });

  it('are not refreshed before Retry-After has passed', async () => {
    const { server, clock, fetchTimes } = await start();
    server.failure = failed('throttled', 5 * MINUTE);
    await clock.advance(41 * MINUTE);
    assert.deepEqual(fetchTimes(), [0, 30, 35, 40]);
  });

  it('are down with bad_answer after a bug, which is reported', async () => {
    const clock = createClock();
    const callbacks = createCallbacks();
    const bug = new Error('a bug');
    const api = createFakeApi(clock, {
      request: () => {
        throw bug;
      },
    });
    const signingKeys = createSigningKeys({
      api,
      clock,
      random: () => 0,
      callbacks,
      exporterToken: () => undefined,
      onKeysChange: () => undefined,
    });
    const stop = new AbortController();
    const ended = signingKeys.run(stop.signal);
    await clock.advance(SECOND);
    assert.deepEqual(
      [callbacks.errors, signingKeys.state()],
      [[bug, bug], { isUp: false, failure: 'bad_answer' }],
    );
    stop.abort();
    await ended;
  });

  it('are no longer refreshed when the signal aborts', async () => {
    const { clock, stop, ended } = await start();
    stop.abort();
    await ended;
    assert.equal(clock.sleepers(), 0);
  });
});
