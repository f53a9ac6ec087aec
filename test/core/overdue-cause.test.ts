/**
 * Why a token is overdue: each cause by its own fact, those in the pod before those on the node.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createAssess } from '../../src/core/assessment.ts';
import type { ClusterFacts, MountFailure } from '../../src/core/cluster-facts.ts';
import { OVERDUE_CAUSES, type OverdueCause, overdueCauses } from '../../src/core/overdue-cause.ts';
import type { Token } from '../../src/core/token.ts';
import { clusterAround, podFacts, projection } from '../support/cluster.ts';
import { NOW, POD_UID, policy, token } from '../support/tokens.ts';

/** The default token is due for a refresh after 2,880 s and overdue ten minutes later. */
const LATE = NOW + 3_481;
const late = token();

function causesOf(
  tokens: readonly Token[],
  cluster: ClusterFacts,
  now = LATE,
): readonly (OverdueCause | undefined)[] {
  const assess = createAssess(policy());
  const causes = overdueCauses(
    tokens.map((one) => assess(one, now, cluster)),
    now,
  );
  return tokens.map((one) => causes.get(one));
}

function failing(volume: string, kind: MountFailure['kind']): Partial<ClusterFacts> {
  return { mountFailures: new Map([[POD_UID, [{ volume, kind, lastSeenAt: LATE }]]]) };
}

const account = (uid?: string): Partial<ClusterFacts> => ({
  accounts: new Map(uid === undefined ? [] : [['payments/api', { uid, isAutomounted: undefined }]]),
});

const cases: readonly {
  readonly it: string;
  readonly facts: Partial<ClusterFacts>;
  readonly cause: OverdueCause;
}[] = [
  {
    it: 'the pod is terminating',
    facts: { pods: new Map([[POD_UID, podFacts({ isTerminating: true })]]) },
    cause: 'pod_terminating',
  },
  { it: 'the pod is deleted', facts: { pods: new Map() }, cause: 'pod_terminating' },
  { it: 'the service account does not exist', facts: account(), cause: 'service_account_missing' },
  {
    it: 'the kubelet reports that the service account does not exist',
    facts: { accounts: undefined, ...failing('vault-token', 'account_missing') },
    cause: 'service_account_missing',
  },
  {
    it: 'the service account was recreated',
    facts: account('another-uid'),
    cause: 'service_account_recreated',
  },
  {
    it: 'the kubelet reports a refused audience',
    facts: failing('vault-token', 'audience_refused'),
    cause: 'audience_refused',
  },
  {
    it: 'the kubelet reports a refused audience of another volume',
    facts: failing('other', 'audience_refused'),
    cause: 'sibling_volume_failed',
  },
  {
    it: 'another volume cannot be mounted',
    facts: failing('data', 'other'),
    cause: 'sibling_volume_failed',
  },
  {
    it: 'the volume of the token fails for another reason',
    facts: failing('vault-token', 'token_refused'),
    cause: 'unknown',
  },
  { it: 'nothing explains it', facts: {}, cause: 'unknown' },
];

describe('overdueCauses', () => {
  for (const { it: title, facts, cause } of cases) {
    it(`returns ${cause} if ${title}`, () => {
      assert.deepEqual(causesOf([late], clusterAround(late, facts)), [cause]);
    });
  }

  it('returns clock_skew for a token that is not valid yet', () => {
    assert.deepEqual(causesOf([late], clusterAround(late), NOW - 61), ['clock_skew']);
  });

  it('returns no cause before the token is overdue', () => {
    assert.deepEqual(causesOf([late], clusterAround(late), LATE - 1), [undefined]);
  });

  const other = token({
    identity: { podUid: 'another-pod' },
    claims: { pod: { name: 'b', uid: 'another-pod' } },
  });
  const pods = new Map([POD_UID, 'another-pod'].map((uid) => [uid, podFacts({ uid })]));

  it('returns node_wide if tokens of two pods are overdue and no pod received a token since', () => {
    assert.deepEqual(causesOf([late, other], clusterAround(late, { pods })), ['node_wide', 'node_wide']);
  });

  it('does not return node_wide if another pod received a token since', () => {
    const fresh = token({
      claims: { issuedAt: LATE, expiresAt: LATE + 3_600 },
      identity: { podUid: 'third' },
    });
    const cluster = clusterAround(late, { pods: new Map([...pods, ['third', podFacts({ uid: 'third' })]]) });
    assert.deepEqual(causesOf([late, other, fresh], cluster), ['unknown', 'unknown', undefined]);
  });

  it('returns node_wide only for tokens that became overdue after the last new token', () => {
    const stuck = token({
      claims: { issuedAt: NOW - 7_200, expiresAt: NOW + 86_400, warnAfter: NOW - 3_600 },
      identity: { volume: 'stuck' },
    });
    const projections = [...podFacts().projections, projection({ volume: 'stuck', path: 'vault-token' })];
    const cluster = clusterAround(late, {
      pods: new Map([...pods, [POD_UID, podFacts({ projections })]]),
    });
    assert.deepEqual(causesOf([stuck, late, other], cluster), ['unknown', 'node_wide', 'node_wide']);
  });

  it('does not return node_wide for two tokens of one pod', () => {
    const sibling = token({ identity: { volume: 'other' } });
    const projections = [...podFacts().projections, projection({ volume: 'other', path: 'vault-token' })];
    const pods = new Map([[POD_UID, podFacts({ projections })]]);
    assert.deepEqual(causesOf([late, sibling], clusterAround(late, { pods })), ['unknown', 'unknown']);
  });

  it('has a test for every cause', () => {
    const found = new Set<OverdueCause>([...cases.map(({ cause }) => cause), 'clock_skew', 'node_wide']);
    assert.deepEqual([...found].sort(), [...OVERDUE_CAUSES].sort());
  });
});
