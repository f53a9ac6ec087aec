/**
 * Parsing of the discovery document and of the JSON Web Key Set.
 */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { failed } from '../../../../src/sources/api-server/client/failures.ts';
import {
  discover,
  parseIssuer,
  parseKeySet,
} from '../../../../src/sources/api-server/keys/oidc-discovery.ts';
import { ok } from '../../../../src/util/result.ts';
import { ISSUER } from '../../../support/tokens.ts';
import { createClock, createFakeApi } from '../fakes.ts';
import { DISCOVERY, type Json, jwk } from '../objects.ts';

const CAPTURES = new URL('../../../fixtures/captures/kubelet-v1.36.3/', import.meta.url);

function captured(file: string): unknown {
  return JSON.parse(readFileSync(new URL(file, CAPTURES), 'utf8'));
}

const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

function key(kid: string, overrides: Json = {}): Json {
  return { ...jwk(kid, publicKey), ...overrides };
}

describe('parseKeySet', () => {
  it('reads the keys of a real API server', () => {
    const kid = 'BsE22zNjWPdt42-FvrleCHa7Nv6BhByuo3NIlKygi2s';
    const keySet = parseKeySet(captured('jwks.json'));
    assert.deepEqual([...(keySet?.ids ?? [])], [kid]);
    assert.equal(keySet?.keys.get(kid)?.asymmetricKeyType, 'rsa');
  });

  const unusable: readonly (readonly [string, Json, number])[] = [
    ['a key of another type', key('a', { kty: 'OKP', crv: 'Ed25519' }), 1],
    ['a malformed key', key('a', { x: 'nonsense' }), 1],
    ['a shared secret', { kid: 'a', kty: 'oct', k: 'c2VjcmV0' }, 1],
    ['a key without an id', key('a', { kid: undefined }), 0],
  ];
  for (const [title, jwk, ids] of unusable)
    it(`returns no key to verify with for ${title}`, () => {
      const keySet = parseKeySet({ keys: [jwk] });
      assert.deepEqual([keySet?.ids.size, keySet?.keys.size], [ids, 0]);
    });

  const malformed: readonly (readonly [string, unknown])[] = [
    ['nothing', undefined],
    ['an array', []],
    ['an object without keys', {}],
    ['keys that are an object', { keys: {} }],
    ['257 keys', { keys: Array.from({ length: 257 }, (_, index) => key(`${index}`)) }],
  ];
  for (const [title, document] of malformed)
    it(`returns undefined for ${title}`, () => assert.equal(parseKeySet(document), undefined));

  const odd: readonly (readonly [string, unknown])[] = [
    ['a key that is a string', 'a'],
    ['an id that is a number', key('a', { kid: 1 })],
    ['an id with a line break', key('a\nb')],
  ];
  for (const [title, jwk] of odd)
    it(`returns the other keys next to ${title}, which is dropped`, () => {
      let dropped = 0;
      const keySet = parseKeySet({ keys: [key('b'), jwk, key('c')] }, () => {
        dropped += 1;
      });
      assert.deepEqual([[...(keySet?.keys.keys() ?? [])], dropped], [['b', 'c'], 1]);
    });

  it('returns undefined or at most as many keys as ids, for any JSON', () => {
    const field = fc.oneof(fc.jsonValue(), fc.constantFrom('RSA', 'EC', 'P-256', 'AQAB'));
    const anyKey = fc.record({ kid: field, kty: field, n: field, e: field, x: field, y: field, crv: field });
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.record({ keys: fc.array(anyKey) })), (document) => {
        const keySet = parseKeySet(document);
        assert.ok(keySet === undefined || keySet.ids.size >= keySet.keys.size);
      }),
    );
  });
});

describe('discover', () => {
  for (const missing of ['/.well-known/openid-configuration', '/openid/v1/jwks'])
    it(`requests not_published for a 404 of ${missing}`, async () => {
      const { signal } = new AbortController();
      const api = createFakeApi(createClock(), {
        request: ({ path, notFound = 'bad_answer' }) => (path === missing ? failed(notFound) : ok(DISCOVERY)),
      });
      assert.deepEqual(await discover(api, signal, () => undefined), failed('not_published'));
    });
});

describe('parseIssuer', () => {
  it('reads the discovery document of a real API server', () =>
    assert.equal(parseIssuer(captured('openid-configuration.json')), ISSUER));

  for (const document of [undefined, 'a', {}, { issuer: '' }, { issuer: 7 }, { issuer: 'a\nb' }])
    it(`returns undefined for ${JSON.stringify(document)}`, () =>
      assert.equal(parseIssuer(document), undefined));
});
