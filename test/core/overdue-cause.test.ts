/**
 * Why a token is late: each cause from its own fact, what is the pod's before what is the node's.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createAssess } from '../../src/core/assessment.ts';
import type { ClusterFacts, MountFailure } from '../../src/core/cluster-facts.ts';
import { OVERDUE_CAUSES, type OverdueCause, overdueCauses } from '../../src/core/overdue-cause.ts';
import type { Token } from '../../src/core/token.ts';
import { clusterAround, podFacts } from '../support/cluster.ts';
import { NOW, POD_UID, policy, token } from '../support/tokens.ts';

/** An hour-long token is overdue ten minutes after 2,880 s. */
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
    it: 'a pod that terminates',
    facts: { pods: new Map([[POD_UID, podFacts({ isTerminating: true })]]) },
    cause: 'pod_terminating',
  },
  { it: 'a pod that is gone', facts: { pods: new Map() }, cause: 'pod_terminating' },
  { it: 'an account that is gone', facts: account(), cause: 'service_account_missing' },
  {
    it: 'an account the kubelet misses',
    facts: { accounts: undefined, ...failing('vault-token', 'account_missing') },
    cause: 'service_account_missing',
  },
  { it: 'an account made again', facts: account('another-uid'), cause: 'service_account_recreated' },
  {
    it: 'an audience that is refused',
    facts: failing('vault-token', 'audience_refused'),
    cause: 'audience_refused',
  },
  {
    it: 'an audience refused to another volume',
    facts: failing('other', 'audience_refused'),
    cause: 'sibling_volume_failed',
  },
  {
    it: 'another volume that does not mount',
    facts: failing('data', 'other'),
    cause: 'sibling_volume_failed',
  },
  {
    it: 'its own volume failing for a reason we do not know',
    facts: failing('vault-token', 'token_refused'),
    cause: 'unknown',
  },
  { it: 'nothing that is known', facts: {}, cause: 'unknown' },
];

describe('the cause of a late token', () => {
  for (const { it: title, facts, cause } of cases) {
    it(`is ${cause} for ${title}`, () => {
      assert.deepEqual(causesOf([late], clusterAround(late, facts)), [cause]);
    });
  }

  it('is clock_skew for a token that begins in the future', () => {
    assert.deepEqual(causesOf([late], clusterAround(late), NOW - 61), ['clock_skew']);
  });

  it('is none before the token is late', () => {
    assert.deepEqual(causesOf([late], clusterAround(late), LATE - 1), [undefined]);
  });

  const other = token({
    identity: { podUid: 'another-pod' },
    claims: { pod: { name: 'b', uid: 'another-pod' } },
  });
  const pods = new Map([POD_UID, 'another-pod'].map((uid) => [uid, podFacts({ uid })]));

  it('is node_wide where two pods are late and nobody got a token since', () => {
    assert.deepEqual(causesOf([late, other], clusterAround(late, { pods })), ['node_wide', 'node_wide']);
  });

  it('is not node_wide where another pod got a token meanwhile', () => {
    const fresh = token({
      claims: { issuedAt: LATE, expiresAt: LATE + 3_600 },
      identity: { podUid: 'third' },
    });
    const cluster = clusterAround(late, { pods: new Map([...pods, ['third', podFacts({ uid: 'third' })]]) });
    assert.deepEqual(causesOf([late, other, fresh], cluster), ['unknown', 'unknown', undefined]);
  });

  it('is node_wide for those that are late since, whatever is late for longer', () => {
    const stuck = token({
      claims: { issuedAt: NOW - 7_200, expiresAt: NOW + 86_400, warnAfter: NOW - 3_600 },
      identity: { volume: 'stuck' },
    });
    const cluster = clusterAround(late, { pods });
    assert.deepEqual(causesOf([stuck, late, other], cluster), ['unknown', 'node_wide', 'node_wide']);
  });

  it('is not node_wide for two tokens of one pod', () => {
    const sibling = token({ identity: { volume: 'other' } });
    assert.deepEqual(causesOf([late, sibling], clusterAround(late)), ['unknown', 'unknown']);
  });

  it('is found for every cause in this table', () => {
    const found = new Set<OverdueCause>([...cases.map(({ cause }) => cause), 'clock_skew', 'node_wide']);
    assert.deepEqual([...found].sort(), [...OVERDUE_CAUSES].sort());
  });
});
