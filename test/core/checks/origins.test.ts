/**
 * Which checks apply to tokens of which origin.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createAssess } from '../../../src/core/assessment.ts';
import type { Verdict } from '../../../src/core/checks/check.ts';
import { CHECKS, type Reason } from '../../../src/core/checks/index.ts';
import { type ClusterFacts, NO_CLUSTER } from '../../../src/core/cluster-facts.ts';
import { NOTHING_REMEMBERED, ORIGINS, type Origin } from '../../../src/core/origin.ts';
import type { Token } from '../../../src/core/token/token.ts';
import { authority, clusterAround, podFacts } from '../../support/cluster.ts';
import { ISSUER, legacyClaims, NOW, POD_UID, policy, token } from '../../support/tokens.ts';

const YEAR = 31_536_000;

/** The table of the design: the checks that apply to each origin. */
const APPLY: Readonly<Record<Origin, readonly Reason[]>> = {
  kubelet: CHECKS.map(({ reason }) => reason),
  secret: [
    'expired',
    'service_account_missing',
    'service_account_recreated',
    'signing_key_unknown',
    'signature_invalid',
    'audience_mismatch',
    'token_refused',
    'legacy_secret_missing',
    'legacy_token',
    'orphaned',
  ],
  foreign: ['expired'],
  unknown: [
    'expired',
    'not_yet_valid',
    'audience_mismatch',
    'stale',
    'rotation_overdue',
    'terminating',
    'legacy_token',
    'orphaned',
  ],
};

/** A token of a virtual cluster: of another issuer, key, account and pod. */
const VIRTUAL = token({
  claims: {
    issuer: 'https://kubernetes.default.svc',
    keyId: 'virtual-key',
    namespace: 'shop',
    serviceAccount: { name: 'cart', uid: 'virtual-account' },
    pod: { name: 'cart-0', uid: 'virtual-pod' },
    audiences: ['https://kubernetes.default.svc', 'vault'],
    expiresAt: NOW + 10 * YEAR,
  },
});
const LEGACY_ELSEWHERE = token({
  volumeKind: 'secret',
  claims: legacyClaims({
    keyId: 'other-key',
    namespace: 'argocd',
    serviceAccount: { name: 'manager', uid: 'other-account' },
    secret: { name: 'manager-token', uid: undefined },
  }),
  identity: { volume: 'cluster-b', path: 'token' },
});

/** A cluster that knows the token's pod, which requests nothing, and rejects the token in every way. */
function hostile(one: Token): ClusterFacts {
  const secrets = [
    {
      volume: 'cluster-b',
      secretName: 'cluster-b',
      isOptional: false,
      isAtTokenPath: false,
      isMounted: true,
    },
  ];
  return {
    ...NO_CLUSTER,
    pods: new Map([[POD_UID, podFacts({ projections: [], secrets })]]),
    accounts: new Map(),
    authority: authority({ readAt: NOW + 20 * YEAR }),
    signatures: new Map([[one, false]]),
    reviews: new Map([[one, { isAccepted: false, reason: 'other' }]]),
  };
}

function verdicts(one: Token, cluster: ClusterFacts, after: number): ReadonlyMap<Reason, Verdict> {
  const { results } = createAssess(policy())(one, NOW + after, cluster, undefined, undefined, 'unwatched');
  return new Map(results.map(({ check, verdict }) => [check.reason, verdict]));
}

function failuresOf(one: Token, cluster: ClusterFacts, after: number): readonly Reason[] {
  return [...verdicts(one, cluster, after)]
    .filter(([, { status }]) => status === 'fail')
    .map(([reason]) => reason);
}

describe('the origins that checks apply to', () => {
  for (const origin of ORIGINS)
    it(`are those of the design for ${origin}`, () => {
      const found = CHECKS.filter(({ appliesTo }) => appliesTo.some((one) => one === origin));
      assert.deepEqual(found.map(({ reason }) => reason).sort(), [...APPLY[origin]].sort());
    });
});

describe('a token of another party', () => {
  const cases = [
    { it: 'of a virtual cluster, written by a downwardAPI item', one: VIRTUAL },
    { it: 'of a virtual cluster, in a Secret', one: { ...VIRTUAL, volumeKind: 'secret' } as const },
    { it: "of another cluster's Secret", one: LEGACY_ELSEWHERE },
  ];
  for (const { it: title, one } of cases) {
    it(`${title}: fails no check, and none is unknown`, () => {
      for (const after of [60, 86_400 + 700, YEAR]) {
        const found = [...verdicts(one, hostile(one), after).values()];
        assert.deepEqual(new Set(found.map(({ status }) => status)), new Set(['pass']));
      }
    });

    it(`${title}: has no refresh that could be overdue`, () => {
      const { schedule, state } = createAssess(policy())(one, NOW + YEAR, hostile(one));
      assert.equal(schedule.refreshDue, undefined);
      assert.ok(state === 'fresh' || state === 'no_expiry', state);
    });

    it(`${title}: is not sent to the API server`, () => {
      assert.equal(createAssess(policy())(one, NOW, hostile(one)).context.isReviewable, false);
      assert.equal(createAssess(policy())(one, NOW, NO_CLUSTER).context.isReviewable, false);
    });
  }

  it('fails as info once it has expired', () => {
    assert.deepEqual(failuresOf(VIRTUAL, hostile(VIRTUAL), 10 * YEAR), ['expired']);
  });
});

describe('a token of unknown origin', () => {
  it('is judged by its times', () => {
    assert.deepEqual(failuresOf(token(), NO_CLUSTER, 3_600), ['expired', 'rotation_overdue']);
  });

  it('has no verdict of a check that needs the origin', () => {
    const found = verdicts(VIRTUAL, { ...hostile(VIRTUAL), pods: undefined }, 60);
    const needing = CHECKS.filter(({ appliesTo }) => !appliesTo.some((origin) => origin === 'unknown'));
    for (const { reason } of needing) assert.equal(found.get(reason)?.status, 'unknown', reason);
  });

  it('is not sent to the API server', () => {
    assert.equal(createAssess(policy())(token(), NOW, NO_CLUSTER).context.isReviewable, false);
  });
});

describe('a token that the kubelet requested', () => {
  it('is sent to the API server', () => {
    const one = token();
    assert.equal(createAssess(policy())(one, NOW, clusterAround(one)).context.isReviewable, true);
  });

  it('is sent after a change of the issuer and the key', () => {
    const one = token({ claims: { issuer: 'https://former', keyId: 'former' } });
    assert.equal(createAssess(policy())(one, NOW, clusterAround(one)).context.isReviewable, true);
  });

  for (const [title, one] of [
    ['of another cluster', VIRTUAL],
    [
      'with another key and the same issuer',
      token({ claims: { keyId: 'other', pod: { name: 'api-0', uid: POD_UID } } }),
    ],
    [
      'of another cluster that is bound to this pod',
      token({ claims: { issuer: 'https://other', keyId: 'other', pod: { name: 'api-0', uid: POD_UID } } }),
    ],
  ] as const)
    it(`is not sent if another source may have replaced it by one ${title}`, () => {
      const facts = clusterAround(one);
      const pods = new Map(
        [...(facts.pods ?? [])].map(([uid, pod]) => [
          uid,
          { ...pod, projections: pod.projections.map((source) => ({ ...source, isOverwritable: true })) },
        ]),
      );
      const memory = { ...NOTHING_REMEMBERED, issuers: new Set([ISSUER]) };
      assert.equal(createAssess(policy())(one, NOW, { ...facts, pods }, memory).context.isReviewable, false);
    });
});
