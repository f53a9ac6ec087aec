/**
 * Which tokens share the review of a class, and what it settles.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { ClassReview, PodFacts, Review } from '../../../src/core/cluster-facts.ts';
import {
  isAudienceAccepted,
  isGenuine,
  isIssuerAccepted,
  isKeyRefused,
  isReviewPending,
  reviewClassOf,
} from '../../../src/core/reviews/review-class.ts';
import { podFacts, projection } from '../../support/cluster.ts';
import { claims, token } from '../../support/tokens.ts';

describe('reviewClassOf', () => {
  it('is the same for tokens that differ in what is their own', () => {
    const other = claims({
      id: 'other',
      namespace: 'other',
      serviceAccount: { name: 'other', uid: 'other' },
      pod: { name: 'other', uid: 'other' },
      issuedAt: 1,
      expiresAt: 2,
    });
    assert.equal(reviewClassOf(other), reviewClassOf(claims()));
  });

  it('does not depend on the order of the audiences', () => {
    assert.equal(
      reviewClassOf(claims({ audiences: ['b', 'a'] })),
      reviewClassOf(claims({ audiences: ['a', 'b'] })),
    );
  });

  for (const difference of [
    { issuer: 'https://other' },
    { keyId: 'other' },
    { keyId: undefined },
    { algorithm: 'ES256' },
    { audiences: ['other'] },
    { audiences: ['vault', 'other'] },
    { audiences: [] },
  ])
    it(`differs for ${JSON.stringify(difference)}`, () => {
      assert.notEqual(reviewClassOf(claims(difference)), reviewClassOf(claims()));
    });

  it('does not confuse a separator in a claim with another claim', () => {
    assert.notEqual(
      reviewClassOf(claims({ audiences: ['a","b'] })),
      reviewClassOf(claims({ audiences: ['a', 'b'] })),
    );
  });
});

describe('isGenuine', () => {
  const one = token();
  const [volume, path] = [one.identity.volume, one.identity.path];
  const requested = projection({ volume, path });
  const withSecret: Partial<PodFacts> = {
    secrets: [{ volume, secretName: 'any', isOptional: false, isAtTokenPath: false, isMounted: true }],
  };
  const cases = [
    ['a token with a verified signature', undefined, undefined, true, true],
    ["a token that the pod's spec requests", podFacts(), requested, undefined, true],
    ['a token with a wrong signature, even if the spec requests one', podFacts(), requested, false, false],
    ['a token that nothing vouches for', podFacts(), undefined, undefined, false],
    [
      'a token in a volume with a Secret, which may overwrite it',
      podFacts(withSecret),
      requested,
      undefined,
      false,
    ],
    ['a verified token in a volume with a Secret', podFacts(withSecret), requested, true, true],
  ] as const;
  for (const [what, pod, source, isSignatureValid, expected] of cases)
    it(`is ${expected} for ${what}`, () => {
      assert.equal(isGenuine(one, { pod, projection: source, isSignatureValid }), expected);
    });
});

describe('the reviews of a token and its class', () => {
  const accepted: Review = { isAccepted: true, isForApiServer: false };
  const forApiServer: Review = { isAccepted: true, isForApiServer: true };
  const noKey: Review = { isAccepted: false, reason: 'unknown_key' };
  const revoked: Review = { isAccepted: false, reason: 'invalidated' };
  const judge = (review: Review | undefined, classReview: ClassReview | undefined) => {
    const reviews = { review, classReview };
    return [
      isIssuerAccepted(reviews) && 'issuer accepted',
      isAudienceAccepted(reviews) && 'audience accepted',
      isKeyRefused(reviews) && 'key refused',
      isReviewPending(reviews) && 'pending',
    ].filter(Boolean);
  };
  const cases = [
    [undefined, undefined, []],
    [accepted, undefined, ['issuer accepted']],
    [undefined, accepted, ['issuer accepted']],
    [undefined, forApiServer, ['issuer accepted', 'audience accepted']],
    [forApiServer, undefined, ['issuer accepted', 'audience accepted']],
    [undefined, noKey, ['key refused']],
    [noKey, undefined, ['key refused']],
    [undefined, revoked, []],
    [revoked, accepted, ['issuer accepted']],
    [undefined, 'pending', ['pending']],
    [accepted, 'pending', ['issuer accepted']],
    [revoked, 'pending', []],
  ] as const;
  for (const [review, classReview, expected] of cases)
    it(`say ${expected.join(', ') || 'nothing'} for ${JSON.stringify(review)} and ${JSON.stringify(classReview)}`, () =>
      assert.deepEqual(judge(review, classReview), expected));
});
