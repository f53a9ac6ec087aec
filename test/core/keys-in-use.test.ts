/**
 * Which keys the tokens on this node are signed with, and for how long.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { keysInUse } from '../../src/core/keys-in-use.ts';
import { authority } from '../support/cluster.ts';
import { ISSUER, legacyToken, NOW, token } from '../support/tokens.ts';

const HOUR = 3_600;

describe('keysInUse', () => {
  const old = { keyId: 'key-0', expiresAt: NOW + 2 * HOUR };
  const tokens = [token(), token({ claims: { expiresAt: NOW + 3 * HOUR } }), token({ claims: old })];

  it('returns the count and the last expiration by issuer and key', () => {
    assert.deepEqual(keysInUse(tokens, authority()), [
      { issuer: ISSUER, keyId: 'key-1', isPublished: true, tokens: 2, lastExpiration: NOW + 3 * HOUR },
      { issuer: ISSUER, keyId: 'key-0', isPublished: false, tokens: 1, lastExpiration: NOW + 2 * HOUR },
    ]);
  });

  it('returns isPublished undefined without the published keys', () => {
    assert.deepEqual(
      keysInUse(tokens, undefined).map(({ isPublished }) => isPublished),
      [undefined, undefined],
    );
  });

  it('returns an infinite expiration for the key of a token that never expires', () => {
    assert.equal(keysInUse([legacyToken()], authority())[0]?.lastExpiration, Number.POSITIVE_INFINITY);
  });

  it('returns nothing without tokens', () => assert.deepEqual(keysInUse([], authority()), []));
});
