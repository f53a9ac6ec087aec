/**
 * The keys the API server publishes: what is read of them, and when they are asked for.
 */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, describe, it } from 'mocha';
import { failed } from '../../../src/sources/api-server/failures.ts';
import { createKeySearch, createKeys } from '../../../src/sources/api-server/jwks.ts';
import { parseIssuer, parseKeySet } from '../../../src/sources/api-server/oidc-discovery.ts';
import { ISSUER, legacyToken, NOW, token } from '../../support/tokens.ts';
import { createClock, createFakeApi, createNotes, MINUTE, SECOND } from './fakes.ts';
import type { Json } from './objects.ts';

const CAPTURES = new URL('../../fixtures/captures/kubelet-v1.36.3/', import.meta.url);

function captured(file: string): unknown {
  return JSON.parse(readFileSync(new URL(file, CAPTURES), 'utf8'));
}

const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

function jwk(kid: string, overrides: Json = {}): Json {
  return { use: 'sig', kid, alg: 'ES256', ...publicKey.export({ format: 'jwk' }), ...overrides };
}

describe('what is published', () => {
  it('is read as a real API server publishes it', () => {
    const kid = 'BsE22zNjWPdt42-FvrleCHa7Nv6BhByuo3NIlKygi2s';
    const keySet = parseKeySet(captured('jwks.json'));
    assert.equal(parseIssuer(captured('openid-configuration.json')), ISSUER);
    assert.deepEqual([...(keySet?.ids ?? [])], [kid]);
    assert.equal(keySet?.keys.get(kid)?.asymmetricKeyType, 'rsa');
  });

  const partly: readonly (readonly [string, Json, number])[] = [
    ['a key of another kind', jwk('a', { kty: 'OKP', crv: 'Ed25519' }), 1],
    ['a key that is none', jwk('a', { x: 'nonsense' }), 1],
    ['a shared secret', { kid: 'a', kty: 'oct', k: 'c2VjcmV0' }, 1],
    ['a key without a name', jwk('a', { kid: undefined }), 0],
  ];
  for (const [title, key, ids] of partly)
    it(`knows nothing to verify with of ${title}`, () => {
      const keySet = parseKeySet({ keys: [key] });
      assert.deepEqual([keySet?.ids.size, keySet?.keys.size], [ids, 0]);
    });

  const wrong: readonly (readonly [string, unknown])[] = [
    ['nothing', undefined],
    ['a list', []],
    ['no keys', {}],
    ['keys that are an object', { keys: {} }],
    ['a key that is a text', { keys: ['a'] }],
    ['a name that is a number', { keys: [jwk('a', { kid: 1 })] }],
    ['a name with a line break', { keys: [jwk('a\nb')] }],
    ['257 keys', { keys: Array.from({ length: 257 }, (_, index) => jwk(`${index}`)) }],
  ];
  for (const [title, document] of wrong)
    it(`is none as ${title}`, () => assert.equal(parseKeySet(document), undefined));

  for (const document of [undefined, 'a', {}, { issuer: '' }, { issuer: 7 }, { issuer: 'a\nb' }])
    it(`has no issuer as ${JSON.stringify(document)}`, () => assert.equal(parseIssuer(document), undefined));

  it('is keys or none, for any JSON', () => {
    const field = fc.oneof(fc.jsonValue(), fc.constantFrom('RSA', 'EC', 'P-256', 'AQAB'));
    const key = fc.record({ kid: field, kty: field, n: field, e: field, x: field, y: field, crv: field });
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.record({ keys: fc.array(key) })), (document) => {
        const keySet = parseKeySet(document);
        assert.ok(keySet === undefined || keySet.ids.size >= keySet.keys.size);
      }),
    );
  });
});

describe('the search for keys that tokens name', () => {
  const minutes = (search: ReturnType<typeof createKeySearch>) => search.pauseMs() / MINUTE;

  it('asks every half hour where none is missing', () => {
    const search = createKeySearch();
    search.settle(new Set(['a']));
    assert.deepEqual([search.look(new Set(['a'])), minutes(search)], [false, 30]);
  });

  it('asks after a minute where a new one is, and less and less while it stays away', () => {
    const search = createKeySearch();
    search.settle(new Set(['a']));
    assert.equal(search.look(new Set(['a', 'b'])), true);
    assert.equal(search.look(new Set(['a', 'b'])), false);
    const pauses = [minutes(search)];
    for (let times = 0; times < 7; times += 1) {
      search.settle(new Set(['a']));
      pauses.push(minutes(search));
    }
    assert.deepEqual(pauses, [1, 1, 2, 4, 8, 16, 30, 30]);
  });

  it('begins anew with another new one', () => {
    const search = createKeySearch();
    search.look(new Set(['b']));
    for (let times = 0; times < 4; times += 1) search.settle(new Set(['a']));
    assert.equal(minutes(search), 8);
    assert.equal(search.look(new Set(['b', 'c'])), true);
    assert.equal(minutes(search), 1);
  });

  it('ends where the key is published, or no token names it any more', () => {
    const search = createKeySearch();
    search.look(new Set(['b']));
    search.settle(new Set(['b']));
    assert.equal(minutes(search), 30);
    search.look(new Set(['c']));
    assert.equal(search.look(new Set()), false);
    assert.equal(minutes(search), 30);
  });
});

const stops = new Set<AbortController>();

/** Keys that are kept, of an API server that publishes those of the names; chance answers 0: no pause is longer. */
async function start({ audiences = undefined as readonly string[] | undefined, chance = 0 } = {}) {
  const server = {
    issuer: ISSUER,
    kids: ['key-1'],
    failure: undefined as ReturnType<typeof failed> | undefined,
  };
  const clock = createClock();
  const notes = createNotes();
  const api = createFakeApi(clock, {
    ask: ({ path }) => {
      if (server.failure !== undefined) return server.failure;
      const keys = server.kids.map((kid) => jwk(kid));
      return { ok: true, value: path.includes('jwks') ? { keys } : { issuer: server.issuer } };
    },
  });
  const ownAudiences = () => audiences;
  const keys = createKeys({ api, clock, random: () => chance, listener: notes, ownAudiences });
  const stop = new AbortController();
  stops.add(stop);
  const ended = keys.run(stop.signal);
  await clock.advance(0);
  const look = (...kids: readonly string[]) => keys.look(kids.map((keyId) => token({ claims: { keyId } })));
  /** Minutes at which both documents were asked for. */
  const asked = () => {
    const at = (path: string) =>
      api.asked.filter((one) => one.path === path).map(({ atMs }) => atMs / MINUTE);
    assert.ok(at('/openid/v1/jwks').length <= at('/.well-known/openid-configuration').length);
    return at('/.well-known/openid-configuration');
  };
  return { server, clock, notes, api, keys, stop, ended, look, asked };
}

describe('the keys of the API server', () => {
  afterEach(() => {
    for (const stop of stops) stop.abort();
    stops.clear();
  });

  it('are known with the issuer, the audiences and the time they are from', async () => {
    const { keys } = await start();
    assert.deepEqual(keys.authority(), {
      readAt: NOW,
      issuer: ISSUER,
      keyIds: new Set(['key-1']),
      audiences: [ISSUER],
    });
    assert.deepEqual([keys.state(), [...keys.published().keys()]], [{ isUp: true }, ['key-1']]);
  });

  it('come with the audiences of the own token where that is known', async () => {
    const { keys } = await start({ audiences: ['https://api', 'more'] });
    assert.deepEqual(keys.authority()?.audiences, ['https://api', 'more']);
  });

  it('are the same object until they are asked for again', async () => {
    const { clock, keys } = await start();
    const [authority, published] = [keys.authority(), keys.published()];
    assert.equal(keys.authority(), authority);
    await clock.advance(30 * MINUTE);
    assert.equal(keys.authority()?.readAt, NOW + 30 * 60);
    assert.equal(keys.published(), published);
  });

  it('are from a whole second, since a token that was issued in it may be newer', async () => {
    const { clock, keys, look } = await start();
    await clock.advance(MINUTE + SECOND / 2);
    look('key-2');
    await clock.advance(0);
    assert.equal(keys.authority()?.readAt, NOW + 60);
  });

  it('are asked for every half hour, or ten minutes later at most', async () => {
    for (const [chance, expected] of [
      [0, [0, 30, 60, 90]],
      [1, [0, 40, 80, 120]],
    ] as const) {
      const { clock, asked } = await start({ chance });
      await clock.advance((expected.at(-1) ?? 0) * MINUTE);
      assert.deepEqual(asked(), expected);
    }
  });

  it('are asked for when a token names another, at most once a minute', async () => {
    const { server, clock, keys, look, asked } = await start();
    await clock.advance(10 * SECOND);
    server.kids = ['key-2', 'key-1'];
    look('key-1', 'key-2');
    await clock.advance(50 * SECOND - 1);
    assert.deepEqual(asked(), [0]);
    await clock.advance(1);
    assert.deepEqual(asked(), [0, 1]);
    assert.deepEqual(keys.authority()?.keyIds, new Set(['key-2', 'key-1']));
    await clock.advance(10 * MINUTE);
    assert.deepEqual(asked(), [0, 1]);
  });

  it('are asked for at once when a token names another after a long time', async () => {
    const { clock, look, asked } = await start();
    await clock.advance(10 * MINUTE);
    look('key-2');
    await clock.advance(0);
    assert.deepEqual(asked(), [0, 10]);
  });

  it('are asked for when a token names another issuer, with the same key', async () => {
    const { server, clock, keys, asked } = await start();
    await clock.advance(10 * MINUTE);
    server.issuer = 'https://other';
    keys.look([token({ claims: { issuer: 'https://other' } })]);
    await clock.advance(0);
    assert.deepEqual(asked(), [0, 10]);
    assert.equal(keys.authority()?.issuer, 'https://other');
  });

  it('are not asked for because of the issuer of a legacy token', async () => {
    const { clock, keys, asked } = await start();
    await clock.advance(10 * MINUTE);
    keys.look([legacyToken()]);
    await clock.advance(0);
    assert.deepEqual(asked(), [0]);
  });

  it('replace what was published before', async () => {
    const { server, clock, keys, notes } = await start();
    const before = notes.changes();
    server.kids = ['key-2'];
    server.issuer = 'https://other';
    await clock.advance(30 * MINUTE);
    assert.deepEqual([...keys.published().keys()], ['key-2']);
    assert.equal(keys.authority()?.issuer, 'https://other');
    assert.equal(notes.changes(), before + 1);
  });

  it('stay known for an hour while they cannot be asked for, and are asked for after a while', async () => {
    const { server, clock, keys, notes, asked } = await start();
    server.failure = failed('server_error');
    await clock.advance(60 * MINUTE);
    assert.notEqual(keys.authority(), undefined);
    assert.deepEqual(keys.state(), { isUp: false, failure: 'server_error' });
    assert.ok(notes.failures.length > 10 && asked().length > 10);
    await clock.advance(1);
    assert.equal(keys.authority(), undefined);
    server.failure = undefined;
    await clock.advance(SECOND);
    assert.notEqual(keys.authority(), undefined);
    assert.deepEqual(keys.state(), { isUp: true });
  });

  it('are not current where an answer is wrong', async () => {
    const { server, clock, keys } = await start();
    server.issuer = '';
    await clock.advance(30 * MINUTE);
    assert.deepEqual(keys.state(), { isUp: false, failure: 'bad_answer' });
  });

  it('leave the API server alone for as long as it asks', async () => {
    const { server, clock, asked } = await start();
    server.failure = failed('throttled', 5 * MINUTE);
    await clock.advance(41 * MINUTE);
    assert.deepEqual(asked(), [0, 30, 35, 40]);
  });

  it('survive a bug, and tell of it', async () => {
    const clock = createClock();
    const notes = createNotes();
    const bug = new Error('a bug');
    const api = createFakeApi(clock, {
      ask: () => {
        throw bug;
      },
    });
    const keys = createKeys({ api, clock, random: () => 0, listener: notes, ownAudiences: () => undefined });
    const stop = new AbortController();
    const ended = keys.run(stop.signal);
    await clock.advance(SECOND);
    assert.deepEqual([notes.errors, keys.state()], [[bug, bug], { isUp: false, failure: 'bad_answer' }]);
    stop.abort();
    await ended;
  });

  it('are let go with the signal', async () => {
    const { clock, stop, ended } = await start();
    stop.abort();
    await ended;
    assert.equal(clock.sleepers(), 0);
  });
});
