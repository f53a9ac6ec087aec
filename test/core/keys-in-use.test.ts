/**
 * Which keys the tokens of the node are signed with, and until when.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { keysInUse } from '../../src/core/keys-in-use.ts';
import { authority } from '../support/cluster.ts';
import { ISSUER, legacyToken, NOW, token } from '../support/tokens.ts';

const HOUR = 3_600;

describe('keys in use', () => {
  const old = { keyId: 'key-0', expiresAt: NOW + 2 * HOUR };
  const tokens = [token(), token({ claims: { expiresAt: NOW + 3 * HOUR } }), token({ claims: old })];

  it('counts by issuer and key, and tells the last to expire', () => {
    assert.deepEqual(keysInUse(tokens, authority()), [
      { issuer: ISSUER, keyId: 'key-1', isPublished: true, tokens: 2, lastExpiration: NOW + 3 * HOUR },
      { issuer: ISSUER, keyId: 'key-0', isPublished: false, tokens: 1, lastExpiration: NOW + 2 * HOUR },
    ]);
  });

  it('does not know what is published where nobody said', () => {
    assert.deepEqual(
      keysInUse(tokens, undefined).map(({ isPublished }) => isPublished),
      [undefined, undefined],
    );
  });

  it('never lets a key go that signed a token without end', () => {
    assert.equal(keysInUse([legacyToken()], authority())[0]?.lastExpiration, Number.POSITIVE_INFINITY);
  });

  it('has none where there are no tokens', () => assert.deepEqual(keysInUse([], authority()), []));
});
