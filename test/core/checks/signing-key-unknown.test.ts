/**
 * signing_key_unknown: the token is signed with a key that the API server does not publish.
 */
import { describe } from 'mocha';
import { authority } from '../../support/cluster.ts';
import { NOW, token } from '../../support/tokens.ts';
import { accepted, classReviewed, NOT_REVIEWED, testCases } from './cases.ts';

const otherKey = new Set(['key-2']);

describe('signing_key_unknown', () => {
  testCases('signing_key_unknown', [
    {
      it: 'passes an unpublished key if a TokenReview accepts another token of the class',
      cluster: (one) => ({
        ...classReviewed({ isAccepted: true, isForApiServer: false })(one),
        authority: authority({ keyIds: otherKey }),
        signatures: new Map(),
      }),
      status: 'pass',
      failures: [],
    },
    {
      it: 'is unknown while the review of the class is pending',
      cluster: (one) => ({
        ...classReviewed('pending')(one),
        authority: authority({ keyIds: otherKey }),
        signatures: new Map(),
      }),
      status: 'unknown',
      failures: [],
    },
    {
      it: 'fails if the API server has no such key, though the keys were read before the token was issued',
      cluster: (one) => ({
        ...classReviewed({ isAccepted: false, reason: 'unknown_key' })(one),
        authority: authority({ keyIds: otherKey, readAt: NOW }),
        signatures: new Map(),
      }),
      status: 'fail',
    },
    { it: 'passes if the key is published', cluster: NOT_REVIEWED, status: 'pass' },
    {
      it: 'fails if the key is not published',
      cluster: { ...NOT_REVIEWED, authority: authority({ keyIds: otherKey }) },
      status: 'fail',
      detail: 'signed with key key-1',
      failures: ['signing_key_unknown'],
    },
    {
      it: 'is unknown if the keys were read in the second in which the token was issued',
      cluster: { ...NOT_REVIEWED, authority: authority({ keyIds: new Set(), readAt: NOW }) },
      status: 'unknown',
      failures: [],
    },
    {
      it: 'fails if the keys were read a second after the token was issued',
      cluster: { ...NOT_REVIEWED, authority: authority({ keyIds: new Set(), readAt: NOW + 1 }) },
      status: 'fail',
    },
    {
      it: 'fails if the key of a token without an issue time is not published',
      token: token({ claims: { issuedAt: undefined } }),
      cluster: { ...NOT_REVIEWED, authority: authority({ keyIds: otherKey }) },
      status: 'fail',
    },
    {
      it: 'passes if a TokenReview accepts the token',
      cluster: (one) => ({ ...accepted(one), authority: authority({ keyIds: new Set() }) }),
      status: 'pass',
      failures: [],
    },
    { it: 'is unknown without the published keys', cluster: { authority: undefined }, status: 'unknown' },
    {
      it: 'is unknown if the token names no key',
      token: token({ claims: { keyId: undefined } }),
      cluster: { ...NOT_REVIEWED, authority: authority({ keyIds: otherKey }) },
      status: 'unknown',
    },
  ]);
});
