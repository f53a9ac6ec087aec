/**
 * Cache keys for secrets.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createKeyedDigest } from '../../../src/web/auth/keyed-digest.ts';

describe('the keyed digest of a secret', () => {
  it('is equal for equal secrets and differs for any other', () => {
    const digest = createKeyedDigest();
    assert.equal(digest('a'), digest('a'));
    const others = ['a', 'b', 'a ', 'A', ''].map((secret) => digest(secret));
    assert.equal(new Set(others).size, others.length);
  });

  it('differs between processes and contains nothing of the secret', () => {
    const key = createKeyedDigest()('a-secret-token');
    assert.notEqual(key, createKeyedDigest()('a-secret-token'));
    assert.match(key, /^[\w+/]{43}=$/);
  });
});
