/**
 * Which tokens are sent in a TokenReview.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { ClassReview, ClusterFacts, Review } from '../../../src/core/cluster-facts.ts';
import { lookupTargetsOf } from '../../../src/core/lookup-targets.ts';
import { reviewClassOf } from '../../../src/core/reviews/review-class.ts';
import { areReviewed, NO_REVIEW_TARGETS } from '../../../src/core/reviews/review-targets.ts';
import { createTakeSnapshot } from '../../../src/core/snapshot.ts';
import type { Token } from '../../../src/core/token/token.ts';
import { authority, podFacts, projection } from '../../support/cluster.ts';
import {
  facts,
  ISSUER,
  legacyToken,
  NOW,
  observation,
  POD_UID,
  policy,
  token,
} from '../../support/tokens.ts';

const FORMER = 'https://former';
/** Overdue. */
const LATE = { issuedAt: NOW - 3_500, expiresAt: NOW + 100 };
const accepted: Review = { isAccepted: true, isForApiServer: true };

/** A default token in a pod of its own. */
function defaultToken(name: string, claims: Partial<Token['claims']> = {}): Token {
  return token({
    claims: { audiences: [ISSUER], pod: { name, uid: name }, ...claims },
    identity: { podUid: name, pod: name, volume: 'kube-api-access-abcde', path: 'token' },
  });
}

/** Pods whose specs request all tokens in projected volumes; accounts that exist. */
function clusterOf(tokens: readonly Token[], overrides: Partial<ClusterFacts> = {}): ClusterFacts {
  const pods = tokens.map(({ identity, volumeKind }) =>
    podFacts({
      uid: identity.podUid,
      name: identity.podUid,
      projections:
        volumeKind === 'projected'
          ? [projection({ volume: identity.volume, path: identity.path, audience: undefined })]
          : [],
    }),
  );
  const accounts = tokens.map(({ claims: { namespace, serviceAccount } }) => {
    const account = { uid: serviceAccount.uid ?? 'uid', isAutomounted: undefined };
    return [`${namespace}/${serviceAccount.name}`, account] as const;
  });
  return {
    ...facts().cluster,
    pods: new Map(pods.map((pod) => [pod.uid, pod])),
    accounts: new Map(accounts),
    authority: authority(),
    ...overrides,
  };
}

function targetsOf(
  tokens: readonly Token[],
  cluster = clusterOf(tokens),
  tokenReview: 'all' | 'off' | 'suspect' = 'suspect',
) {
  const taken = createTakeSnapshot(policy())(
    facts({ observation: observation({ tokens }), cluster }),
    NOW + 60,
  );
  return lookupTargetsOf(taken, { tokenReview }).reviews;
}

describe('the tokens to review', () => {
  it('do not exist if all tokens are healthy', () => {
    assert.deepEqual(targetsOf([defaultToken('a')]), NO_REVIEW_TARGETS);
  });

  it('are one class for all tokens of a former issuer, and none of them individually', () => {
    const tokens = ['a', 'b', 'c'].map((name) => defaultToken(name, { issuer: FORMER, audiences: [FORMER] }));
    const [first] = tokens;
    assert.ok(first !== undefined);
    assert.deepEqual(targetsOf(tokens), {
      ...NO_REVIEW_TARGETS,
      classes: [{ key: reviewClassOf(first.claims), tokens }],
    });
  });

  it('are still that class after it was accepted and while its review is pending', () => {
    const tokens = [defaultToken('a', { issuer: FORMER, audiences: [FORMER] })];
    const [first] = tokens;
    assert.ok(first !== undefined);
    const key = reviewClassOf(first.claims);
    for (const one of [accepted, 'pending'] satisfies readonly ClassReview[]) {
      const cluster = clusterOf(tokens, { classReviews: new Map([[key, one]]) });
      assert.deepEqual(targetsOf(tokens, cluster).classes, [{ key, tokens }]);
    }
  });

  it('are one class for each key, algorithm and set of audiences', () => {
    const tokens = [
      defaultToken('a', { keyId: 'hidden' }),
      defaultToken('b', { keyId: 'hidden' }),
      defaultToken('c', { keyId: 'hidden', algorithm: 'ES256' }),
      defaultToken('d', { keyId: 'withdrawn' }),
    ];
    assert.deepEqual(
      targetsOf(tokens).classes.map((target) => target.tokens.length),
      [2, 1, 1],
    );
  });

  it('put a token whose account is missing behind the others of its class, and review it individually', () => {
    const orphan = defaultToken('a', {
      issuer: FORMER,
      issuedAt: NOW - 600,
      serviceAccount: { name: 'gone', uid: 'gone' },
    });
    const other = defaultToken('b', { issuer: FORMER });
    const cluster = clusterOf([orphan, other]);
    const accounts = new Map([...(cluster.accounts ?? [])].filter(([name]) => !name.endsWith('/gone')));
    const { classes, tokens } = targetsOf([orphan, other], { ...cluster, accounts });
    assert.deepEqual([classes.map((target) => target.tokens), tokens], [[[other, orphan]], [orphan]]);
  });

  it('are in question for the audience of the API server', () => {
    const one = defaultToken('a', { audiences: ['https://former-audience'] });
    const classes = targetsOf([one]).classes.map((target) => target.tokens);
    assert.deepEqual(classes, [[one]]);
  });

  it('review a token with a wrong signature individually, in the other budget', () => {
    const forged = defaultToken('a', { issuer: FORMER });
    const cluster = clusterOf([forged], { signatures: new Map([[forged, false]]) });
    assert.deepEqual(targetsOf([forged], cluster), { ...NO_REVIEW_TARGETS, doubtful: [forged] });
  });

  it('keep a doubtful token that was accepted, so that the answer stays known', () => {
    const one = legacyToken({ claims: { keyId: 'hidden' }, identity: { pod: POD_UID } });
    const reviews = new Map([[one, accepted]]);
    assert.deepEqual(targetsOf([one], clusterOf([one], { reviews })).doubtful, [one]);
  });

  it('never contain a token of another cluster, nor one whose origin is unknown', () => {
    const foreign = token({
      volumeKind: 'secret',
      claims: { issuer: 'https://another-cluster', keyId: 'another', expiresAt: NOW + 1 },
      identity: { podUid: 'a' },
    });
    for (const mode of ['suspect', 'all'] as const) {
      assert.deepEqual(targetsOf([foreign], clusterOf([foreign]), mode), NO_REVIEW_TARGETS);
      const unknown = { ...clusterOf([foreign]), pods: undefined, authority: undefined };
      assert.deepEqual(
        targetsOf([{ ...foreign, volumeKind: 'projected' }], unknown, mode),
        NO_REVIEW_TARGETS,
      );
    }
  });

  it('are all tokens of this cluster in the mode `all`, those with a problem first', () => {
    const [healthy, failing] = [defaultToken('a'), defaultToken('b', LATE)];
    assert.deepEqual(targetsOf([healthy, failing], clusterOf([healthy, failing]), 'all').tokens, [
      failing,
      healthy,
    ]);
  });

  it('do not exist in the mode `off`', () => {
    const failing = defaultToken('a', { issuer: FORMER });
    assert.deepEqual(targetsOf([failing], clusterOf([failing]), 'off'), NO_REVIEW_TARGETS);
  });

  it('are only those in scope', () => {
    const tokens = ['a', 'b'].map((name) => defaultToken(name, LATE));
    const snapshot = createTakeSnapshot(policy())(
      facts({ observation: observation({ tokens }), cluster: clusterOf(tokens) }),
      NOW,
    );
    const isInScope = ({ pod }: { readonly pod: string }): boolean => pod === 'a';
    const { reviews, pods } = lookupTargetsOf(snapshot, { tokenReview: 'all', isInScope });
    assert.deepEqual([reviews.tokens, pods.map(({ uid }) => uid)], [[tokens[0]], ['a']]);
  });
});

describe('areReviewed', () => {
  const one = token();
  const none = { reviews: new Map(), classReviews: new Map() };
  it('is true without targets', () => assert.equal(areReviewed(NO_REVIEW_TARGETS, none), true));

  it('is false until every token has a review', () => {
    for (const kind of ['tokens', 'doubtful'] as const) {
      const targets = { ...NO_REVIEW_TARGETS, [kind]: [one] };
      assert.equal(areReviewed(targets, none), false);
      assert.equal(areReviewed(targets, { ...none, reviews: new Map([[one, accepted]]) }), true);
    }
  });

  it('is false while a class is pending', () => {
    const targets = { ...NO_REVIEW_TARGETS, classes: [{ key: 'a', tokens: [one] }] };
    for (const [review, expected] of [
      ['pending', false],
      [accepted, true],
    ] as const)
      assert.equal(areReviewed(targets, { ...none, classReviews: new Map([['a', review]]) }), expected);
    assert.equal(areReviewed(targets, none), false);
  });
});
