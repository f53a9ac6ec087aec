/**
 * The claims of a token, read from JSON: each format and each claim, valid and invalid.
 */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { describe, it } from 'mocha';
import { parseClaims } from '../../../src/core/token/claims.ts';
import type { TokenClaims } from '../../../src/core/token/token.ts';
import {
  ISSUER,
  NOW,
  POD_UID,
  type RawClaims,
  rawBinding,
  rawClaims,
  rawHeader,
  rawLegacyClaims,
} from '../../support/tokens.ts';

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

describe('parseClaims of a projected token', () => {
  it('returns every claim', () => {
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

  it('accepts a token bound to a Secret instead of a pod', () => {
    const { pod, secret } = parsed(bound({ pod: undefined, secret: { name: 'bound', uid: 's-1' } }));
    assert.deepEqual([pod, secret], [undefined, { name: 'bound', uid: 's-1' }]);
  });

  it('accepts an audience that is not a list', () => {
    assert.deepEqual(parsed(rawClaims({ aud: 'vault' })).audiences, ['vault']);
  });

  it('truncates the fraction of a time', () => {
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
    it(`returns undefined for ${claim} if it is absent`, () => {
      const header = 'header' in rest ? rest.header : rawHeader();
      assert.equal(parsed(payload, header)[key], undefined);
    });
  }

  it('returns undefined for the UID of an object if it is absent', () => {
    assert.deepEqual(parsed(bound({ serviceaccount: { name: 'api' } })).serviceAccount, {
      name: 'api',
      uid: undefined,
    });
  });
});

describe('parseClaims of a legacy token', () => {
  it('returns every claim', () => {
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

  it('returns audiences and times if there are any', () => {
    const { audiences, issuedAt, expiresAt } = parsed(
      rawLegacyClaims({ aud: ['a'], iat: NOW, exp: NOW + 1 }),
    );
    assert.deepEqual([audiences, issuedAt, expiresAt], [['a'], NOW, NOW + 1]);
  });

  it('returns undefined for the Secret and the UID if they are absent', () => {
    const { secret, serviceAccount } = parsed(
      rawLegacyClaims({ [`${LEGACY}secret.name`]: undefined, [`${LEGACY}service-account.uid`]: undefined }),
    );
    assert.deepEqual([secret, serviceAccount], [undefined, { name: 'api', uid: undefined }]);
  });
});

/** The result for a token with some claims replaced, by the part that they are in. */
const PARTS = {
  header: (set: RawClaims) => parseClaims(rawHeader(set), rawClaims()),
  payload: (set: RawClaims) => parseClaims(rawHeader(), rawClaims(set)),
  binding: (set: RawClaims) => parseClaims(rawHeader(), bound(set)),
  legacy: (set: RawClaims) => parseClaims(rawHeader(), rawLegacyClaims(set)),
} as const;

describe('parseClaims of a token with an invalid claim', () => {
  const cases: readonly (readonly [claim: string, part: keyof typeof PARTS, set: RawClaims])[] = [
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
  for (const [claim, part, set] of cases) {
    it(`names ${claim} if the ${part} has ${inspect(set)}`, () => {
      assert.deepEqual(PARTS[part](set), { ok: false, error: { reason: 'invalid_claim', claim } });
    });
  }
});

describe('parseClaims of a token with a claim at its bound', () => {
  const accepted = [
    { it: 'accepts an expiration one second after the issue', payload: rawClaims({ exp: NOW + 1 }) },
    { it: 'accepts a warnafter one second after the issue', payload: bound({ warnafter: NOW + 1 }) },
    { it: 'accepts a warnafter at the expiration', payload: bound({ warnafter: NOW + 3_600 }) },
    { it: 'accepts an expiration without an issue time', payload: rawClaims({ iat: undefined, exp: 1 }) },
  ];
  for (const { it: title, payload } of accepted) it(title, () => assert.ok(parsed(payload)));
});

describe('parseClaims of another JWT', () => {
  const cases = [
    { it: 'a header that is not an object', header: ['ES256'], payload: rawClaims() },
    { it: 'a payload that is null', header: rawHeader(), payload: null },
    { it: 'a payload that is a list', header: rawHeader(), payload: [rawClaims()] },
    { it: 'a payload that is a string', header: rawHeader(), payload: 'system:serviceaccount:a:b' },
    { it: 'an empty payload', header: rawHeader(), payload: {} },
    {
      it: 'the token of another issuer that has the subject of a service account',
      header: rawHeader(),
      payload: rawClaims({ iss: 'https://dex.example.com', 'kubernetes.io': undefined }),
    },
    {
      it: 'the token of a user',
      header: rawHeader(),
      payload: { iss: 'https://accounts.example.com', sub: '1234', aud: 'app', exp: NOW },
    },
  ];
  for (const { it: title, header, payload } of cases) {
    it(`returns not_service_account for ${title}`, () => {
      assert.deepEqual(parseClaims(header, payload), { ok: false, error: { reason: 'not_service_account' } });
    });
  }
});
