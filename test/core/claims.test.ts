/**
 * From JSON to the claims of a token: each shape and each claim, healthy and wrong.
 */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { describe, it } from 'mocha';
import { parseClaims } from '../../src/core/claims.ts';
import type { TokenClaims } from '../../src/core/token.ts';
import {
  ISSUER,
  NOW,
  POD_UID,
  type RawClaims,
  rawBinding,
  rawClaims,
  rawHeader,
  rawLegacyClaims,
} from '../support/tokens.ts';

const LEGACY = 'kubernetes.io/serviceaccount/';

function parsed(payload: unknown, header: unknown = rawHeader()): TokenClaims {
  const result = parseClaims(header, payload);
  assert.ok(result.ok, JSON.stringify(result));
  return result.value;
}

/** The claims of a projected token whose claim `kubernetes.io` differs from the healthy one. */
function bound(overrides: RawClaims): RawClaims {
  return rawClaims({ 'kubernetes.io': rawBinding(overrides) });
}

describe('the claims of a projected token', () => {
  it('are read one by one', () => {
    const uid = '6a1c9c1e-29b5-4c6b-8d57-0f5f1e6f2b11';
    const payload = rawClaims({
      exp: NOW + 31_536_000,
      'kubernetes.io': rawBinding({ node: { name: 'node-1', uid: 'n-1' }, warnafter: NOW + 3_607 }),
    });
    assert.deepEqual(parsed(payload), {
      kind: 'projected',
      algorithm: 'ES256',
      keyId: 'key-1',
      issuer: ISSUER,
      audiences: ['vault'],
      namespace: 'payments',
      serviceAccount: { name: 'api', uid },
      pod: { name: 'api-0', uid: POD_UID },
      node: { name: 'node-1', uid: 'n-1' },
      secret: undefined,
      id: '0b8f0f5c-5c55-43a4-9c0f-51d6b0a0d9a7',
      issuedAt: NOW,
      notBefore: NOW,
      expiresAt: NOW + 31_536_000,
      warnAfter: NOW + 3_607,
    });
  });

  it('may name a Secret in place of a pod', () => {
    const { pod, secret } = parsed(bound({ pod: undefined, secret: { name: 'bound', uid: 's-1' } }));
    assert.deepEqual([pod, secret], [undefined, { name: 'bound', uid: 's-1' }]);
  });

  it('may have an audience that is no list', () => {
    assert.deepEqual(parsed(rawClaims({ aud: 'vault' })).audiences, ['vault']);
  });

  it('may have times with a fraction', () => {
    const { issuedAt, expiresAt } = parsed(rawClaims({ iat: NOW + 0.25, exp: NOW + 600.75 }));
    assert.deepEqual([issuedAt, expiresAt], [NOW, NOW + 600]);
  });

  const optional = [
    { claim: 'kid', header: rawHeader({ kid: undefined }), payload: rawClaims(), key: 'keyId' },
    { claim: 'jti', payload: rawClaims({ jti: undefined }), key: 'id' },
    { claim: 'iat', payload: rawClaims({ iat: undefined }), key: 'issuedAt' },
    { claim: 'nbf', payload: rawClaims({ nbf: undefined }), key: 'notBefore' },
    { claim: 'exp', payload: rawClaims({ exp: undefined }), key: 'expiresAt' },
    { claim: 'warnafter', payload: bound({ warnafter: undefined }), key: 'warnAfter' },
    { claim: 'pod', payload: bound({ pod: undefined }), key: 'pod' },
    { claim: 'node', payload: bound({ node: undefined }), key: 'node' },
    { claim: 'secret', payload: bound({ secret: undefined }), key: 'secret' },
  ] as const;
  for (const { claim, payload, key, ...rest } of optional) {
    it(`may lack ${claim}`, () => {
      const header = 'header' in rest ? rest.header : rawHeader();
      assert.equal(parsed(payload, header)[key], undefined);
    });
  }

  it('may lack the uid of an object', () => {
    assert.deepEqual(parsed(bound({ serviceaccount: { name: 'api' } })).serviceAccount, {
      name: 'api',
      uid: undefined,
    });
  });
});

describe('the claims of a legacy token', () => {
  it('are read one by one', () => {
    assert.deepEqual(parsed(rawLegacyClaims(), { alg: 'RS256', kid: 'key-1' }), {
      kind: 'legacy',
      algorithm: 'RS256',
      keyId: 'key-1',
      issuer: 'kubernetes/serviceaccount',
      audiences: [],
      namespace: 'payments',
      serviceAccount: { name: 'api', uid: '6a1c9c1e-29b5-4c6b-8d57-0f5f1e6f2b11' },
      pod: undefined,
      node: undefined,
      secret: { name: 'api-token', uid: undefined },
      id: undefined,
      issuedAt: undefined,
      notBefore: undefined,
      expiresAt: undefined,
      warnAfter: undefined,
    });
  });

  it('may name audiences and times all the same', () => {
    const { audiences, issuedAt, expiresAt } = parsed(
      rawLegacyClaims({ aud: ['a'], iat: NOW, exp: NOW + 1 }),
    );
    assert.deepEqual([audiences, issuedAt, expiresAt], [['a'], NOW, NOW + 1]);
  });

  it('may lack the Secret and the uid', () => {
    const { secret, serviceAccount } = parsed(
      rawLegacyClaims({ [`${LEGACY}secret.name`]: undefined, [`${LEGACY}service-account.uid`]: undefined }),
    );
    assert.deepEqual([secret, serviceAccount], [undefined, { name: 'api', uid: undefined }]);
  });
});

/** Where a row's claims stand, and the token made with them. */
const PLACES = {
  header: (set: RawClaims) => parseClaims(rawHeader(set), rawClaims()),
  payload: (set: RawClaims) => parseClaims(rawHeader(), rawClaims(set)),
  binding: (set: RawClaims) => parseClaims(rawHeader(), bound(set)),
  legacy: (set: RawClaims) => parseClaims(rawHeader(), rawLegacyClaims(set)),
} as const;

describe('a claim that is wrong is named:', () => {
  const cases: readonly (readonly [claim: string, place: keyof typeof PLACES, set: RawClaims])[] = [
    ['alg', 'header', { alg: undefined }],
    ['alg', 'header', { alg: 1 }],
    ['kid', 'header', { kid: null }],
    ['kid', 'header', { kid: '' }],
    ['iss', 'payload', { iss: undefined }],
    ['iss', 'payload', { iss: ['a'] }],
    ['sub', 'payload', { sub: undefined }],
    ['sub', 'payload', { sub: 'system:serviceaccount:payments:other' }],
    ['sub', 'payload', { sub: 'system:serviceaccount:other:api' }],
    ['sub', 'payload', { sub: ['system:serviceaccount:payments:api'] }],
    ['aud', 'payload', { aud: undefined }],
    ['aud', 'payload', { aud: [] }],
    ['aud', 'payload', { aud: [1] }],
    ['jti', 'payload', { jti: 'a\nb' }],
    ['iat', 'payload', { iat: '1795480000' }],
    ['iat', 'payload', { iat: -1 }],
    ['iat', 'payload', { iat: null }],
    ['nbf', 'payload', { nbf: 1e300 }],
    ['exp', 'payload', { exp: {} }],
    ['exp', 'payload', { exp: NOW }],
    ['exp', 'payload', { exp: NOW - 1 }],
    ['exp', 'payload', { iat: undefined, exp: 0 }],
    ['kubernetes.io', 'payload', { 'kubernetes.io': undefined }],
    ['kubernetes.io', 'payload', { 'kubernetes.io': [] }],
    ['kubernetes.io', 'payload', { sub: 1, 'kubernetes.io': 'x' }],
    ['kubernetes.io.namespace', 'binding', { namespace: 'a.b' }],
    ['kubernetes.io.namespace', 'binding', { namespace: undefined }],
    ['kubernetes.io.serviceaccount', 'binding', { serviceaccount: undefined }],
    ['kubernetes.io.serviceaccount', 'binding', { serviceaccount: 'api' }],
    ['kubernetes.io.serviceaccount.name', 'binding', { serviceaccount: { name: '$(x)' } }],
    ['kubernetes.io.serviceaccount.uid', 'binding', { serviceaccount: { name: 'api', uid: 1 } }],
    ['kubernetes.io.pod', 'binding', { pod: null }],
    ['kubernetes.io.pod.name', 'binding', { pod: { uid: POD_UID } }],
    ['kubernetes.io.pod.uid', 'binding', { pod: { name: 'api-0', uid: '' } }],
    ['kubernetes.io.node.name', 'binding', { node: {} }],
    ['kubernetes.io.secret.name', 'binding', { secret: { name: 'A' } }],
    ['kubernetes.io.warnafter', 'binding', { warnafter: 'soon' }],
    ['kubernetes.io.warnafter', 'binding', { warnafter: NOW }],
    ['kubernetes.io.warnafter', 'binding', { warnafter: NOW + 3_601 }],
    [`${LEGACY}namespace`, 'legacy', { [`${LEGACY}namespace`]: undefined }],
    [`${LEGACY}namespace`, 'legacy', { [`${LEGACY}namespace`]: 'A' }],
    [`${LEGACY}service-account.name`, 'legacy', { [`${LEGACY}service-account.name`]: undefined }],
    [`${LEGACY}service-account.uid`, 'legacy', { [`${LEGACY}service-account.uid`]: 'a b' }],
    [`${LEGACY}secret.name`, 'legacy', { [`${LEGACY}secret.name`]: 1 }],
    ['aud', 'legacy', { aud: [] }],
    ['sub', 'legacy', { sub: 'system:serviceaccount:payments:other' }],
  ];
  for (const [claim, place, set] of cases) {
    it(`${claim} of the ${place} where it has ${inspect(set)}`, () => {
      assert.deepEqual(PLACES[place](set), { ok: false, error: { reason: 'invalid_claim', claim } });
    });
  }
});

describe('a claim at the edge of being wrong is taken:', () => {
  const accepted = [
    { it: 'an expiration one second after the issue', payload: rawClaims({ exp: NOW + 1 }) },
    { it: 'a warnafter one second after the issue', payload: bound({ warnafter: NOW + 1 }) },
    { it: 'a warnafter at the expiration', payload: bound({ warnafter: NOW + 3_600 }) },
    { it: 'an expiration without an issue', payload: rawClaims({ iat: undefined, exp: 1 }) },
  ];
  for (const { it: title, payload } of accepted) it(title, () => assert.ok(parsed(payload)));
});

describe('a JWT that does not speak of a service account', () => {
  const cases = [
    { it: 'a header that is no object', header: ['ES256'], payload: rawClaims() },
    { it: 'a payload that is null', header: rawHeader(), payload: null },
    { it: 'a payload that is a list', header: rawHeader(), payload: [rawClaims()] },
    { it: 'a payload that is a text', header: rawHeader(), payload: 'system:serviceaccount:a:b' },
    { it: 'an empty payload', header: rawHeader(), payload: {} },
    {
      it: 'the token of a person',
      header: rawHeader(),
      payload: { iss: 'https://accounts.example.com', sub: '1234', aud: 'app', exp: NOW },
    },
  ];
  for (const { it: title, header, payload } of cases) {
    it(`is told apart: ${title}`, () => {
      assert.deepEqual(parseClaims(header, payload), { ok: false, error: { reason: 'not_service_account' } });
    });
  }
});
