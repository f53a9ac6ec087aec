/**
 * The audiences a token is expected to have, and whether it has one of them.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import {
  type AudiencePolicy,
  type AudienceRule,
  clusterExpectations,
  policyExpectations,
  satisfies,
} from '../../../src/core/audiences/audience.ts';
import type { ClassReview, ClusterFacts } from '../../../src/core/cluster-facts.ts';
import { contextOf } from '../../../src/core/context.ts';
import { NOTHING_REMEMBERED } from '../../../src/core/origin.ts';
import { reviewClassOf } from '../../../src/core/reviews/review-class.ts';
import type { Token } from '../../../src/core/token/token.ts';
import { authority, clusterAround, podFacts, projection } from '../../support/cluster.ts';
import { ISSUER, NOW, POD_UID, token } from '../../support/tokens.ts';

const KUBELET = { origin: 'kubelet' } as const;
const CATALOGUE_ONLY: AudiencePolicy = { rules: [], useCatalogue: true };

function rule(overrides: Partial<AudienceRule> = {}): AudienceRule {
  return { party: 'rule', audiences: ['mine'], origin: 'a rule', matches: () => true, ...overrides };
}

describe('satisfies', () => {
  const cases = [
    { it: 'accepts the expected audience', audiences: ['a'], expected: ['a'], met: true },
    { it: 'accepts one of the expected audiences', audiences: ['b'], expected: ['a', 'b'], met: true },
    {
      it: 'accepts an expected audience among others',
      audiences: ['x', 'b', 'y'],
      expected: ['a', 'b'],
      met: true,
    },
    {
      it: 'accepts an audience that matches a pattern',
      audiences: ['sts.eu.amazonaws.com'],
      expected: ['sts.*.com'],
      met: true,
    },
    { it: 'rejects another audience', audiences: ['c'], expected: ['a', 'b'], met: false },
    {
      it: 'rejects an audience that begins with an expected one',
      audiences: ['vault.example'],
      expected: ['vault'],
      met: false,
    },
    { it: 'rejects a token without audiences', audiences: [], expected: ['a'], met: false },
    { it: 'rejects an audience in another case', audiences: ['A'], expected: ['a'], met: false },
    {
      it: 'does not treat the audience of a token as a pattern',
      audiences: ['*'],
      expected: ['a'],
      met: false,
    },
  ];
  for (const { it: title, audiences, expected, met } of cases) {
    it(title, () => assert.equal(satisfies(audiences, rule({ audiences: expected })), met));
  }
});

describe('policyExpectations', () => {
  it('returns nothing for an unknown volume without a rule', () => {
    const one = token({ identity: { volume: 'free', path: 'token' } });
    assert.deepEqual(policyExpectations(one, KUBELET, CATALOGUE_ONLY), []);
  });

  it('returns the first rule that matches, and not the catalogue', () => {
    const rules = [rule({ matches: () => false }), rule({ origin: 'second' }), rule({ origin: 'third' })];
    const found = policyExpectations(token(), KUBELET, { rules, useCatalogue: true });
    assert.deepEqual(
      found.map(({ origin }) => origin),
      ['second'],
    );
  });

  it('returns the entry of the catalogue if no rule matches', () => {
    const policy = { rules: [rule({ matches: () => false })], useCatalogue: true };
    assert.deepEqual(
      policyExpectations(token(), KUBELET, policy).map(({ audiences }) => audiences),
      [['vault']],
    );
  });

  it('returns a rule for a Secret volume, and without the catalogue', () => {
    const policy = { rules: [rule()], useCatalogue: false };
    assert.equal(policyExpectations(token({ volumeKind: 'secret' }), KUBELET, policy).length, 1);
  });

  it('matches rules by the identity of the token', () => {
    const one = token();
    const seen: unknown[] = [];
    const matches = (identity: unknown) => seen.push(identity) > 0;
    policyExpectations(one, KUBELET, { rules: [rule({ matches })], useCatalogue: true });
    assert.deepEqual(seen, [one.identity]);
  });
});

describe('clusterExpectations', () => {
  const volume = 'kube-api-access-x2k4z';
  const defaultToken = token({ claims: { audiences: [ISSUER] }, identity: { volume, path: 'token' } });
  const withProjection = (audience: string | undefined): Partial<ClusterFacts> => {
    const projections = [projection({ volume, audience })];
    return { pods: new Map([[POD_UID, podFacts({ projections })]]) };
  };
  const expected = (one: Token, change: Partial<ClusterFacts>) =>
    clusterExpectations(one, contextOf(one, clusterAround(one, change), NOTHING_REMEMBERED));

  it("returns the audience in the pod's spec", () => {
    assert.deepEqual(expected(defaultToken, withProjection('vault')), [
      { party: 'spec', audiences: ['vault'], origin: "the pod's spec" },
    ]);
  });

  it("returns the API server's audiences if the pod's spec has none", () => {
    assert.deepEqual(expected(defaultToken, withProjection(undefined)), [
      { party: 'api_server', audiences: [ISSUER], origin: 'the API server' },
    ]);
  });

  it("returns the API server's audiences for a default path if the pod's spec is not known", () => {
    assert.equal(expected(defaultToken, { pods: undefined }).length, 1);
    assert.deepEqual(expected(token(), { pods: undefined }), []);
  });

  it("returns nothing without the API server's audiences", () => {
    assert.deepEqual(expected(defaultToken, { pods: undefined, authority: undefined }), []);
  });

  it("returns nothing if the exporter's own token is not known", () => {
    const facts = { pods: undefined, authority: authority({ audiences: undefined }) };
    assert.deepEqual(expected(defaultToken, facts), []);
  });

  describe('for a token without the audiences of the API server', () => {
    const other = { audiences: ['https://other'] };
    const facts = (audiencesIssuedAt: number, overrides: Partial<ClusterFacts> = {}) => ({
      ...withProjection(undefined),
      authority: authority({ ...other, audiencesIssuedAt }),
      reviews: new Map(),
      ...overrides,
    });
    const classReviewed = (review: ClassReview) =>
      facts(NOW, { classReviews: new Map([[reviewClassOf(defaultToken.claims), review]]) });

    it("returns them if the exporter's own token is not older", () => {
      assert.deepEqual(expected(defaultToken, facts(NOW)), [
        { ...other, origin: 'the API server', party: 'api_server' },
      ]);
    });

    it("returns nothing if the exporter's own token is older", () => {
      assert.deepEqual(expected(defaultToken, facts(NOW - 1)), []);
    });

    it("returns the token's own if a TokenReview for the API server accepts it or its class", () => {
      const review = { isAccepted: true, isForApiServer: true } as const;
      const accepted = [{ audiences: [ISSUER], origin: 'the API server', party: 'api_server' }];
      assert.deepEqual(
        expected(defaultToken, facts(NOW, { reviews: new Map([[defaultToken, review]]) })),
        accepted,
      );
      assert.deepEqual(expected(defaultToken, classReviewed(review)), accepted);
    });

    it('returns them if the TokenReview was for other audiences', () => {
      const review = { isAccepted: true, isForApiServer: false } as const;
      assert.deepEqual(expected(defaultToken, classReviewed(review)), [
        { ...other, origin: 'the API server', party: 'api_server' },
      ]);
    });

    it('returns nothing while the review of the class is pending', () => {
      assert.deepEqual(expected(defaultToken, classReviewed('pending')), []);
    });
  });

  it('returns nothing for a token of a former issuer', () => {
    const former = { pods: undefined, authority: authority({ issuer: 'https://another' }) };
    assert.deepEqual(expected(defaultToken, former), []);
  });
});
