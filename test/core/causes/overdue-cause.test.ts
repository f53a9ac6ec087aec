/**
 * Why a token is overdue: each cause by its own fact, those in the pod before those on the node.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createAssess } from '../../../src/core/assessment.ts';
import type { NodeStall } from '../../../src/core/causes/node-stall.ts';
import {
  type CauseFinding,
  OVERDUE_CAUSES,
  type OverdueCause,
  overdueCauses,
  stallOf,
} from '../../../src/core/causes/overdue-cause.ts';
import type { ClusterFacts, MountFailure, PodFacts } from '../../../src/core/cluster-facts.ts';
import { NOTHING_REMEMBERED } from '../../../src/core/origin.ts';
import type { Token } from '../../../src/core/token/token.ts';
import { clusterAround, podFacts, projection } from '../../support/cluster.ts';
import { NOW, POD_UID, policy, token } from '../../support/tokens.ts';

/** The default token is due for a refresh after 2,880 s and overdue ten minutes later. */
const DUE = NOW + 2_880;
const LATE = NOW + 3_169;
const late = token();

function findingsOf(
  tokens: readonly Token[],
  cluster: ClusterFacts,
  now = LATE,
  previous?: NodeStall,
): readonly (CauseFinding | undefined)[] {
  const assess = createAssess(policy());
  const assessWith = (stall: NodeStall | undefined) =>
    tokens.map((one) => assess(one, now, cluster, NOTHING_REMEMBERED, stall));
  const { outage } = cluster;
  const stall = stallOf(assessWith(previous), now, { outage, stall: previous });
  const causes = overdueCauses(assessWith(stall), now, { outage, stall });
  return tokens.map((one) => causes.get(one));
}

function causesOf(...input: Parameters<typeof findingsOf>): readonly (OverdueCause | undefined)[] {
  return findingsOf(...input).map((found) => found?.cause);
}

function failing(volume: string, kind: MountFailure['kind'], lastSeenAt = LATE): Partial<ClusterFacts> {
  return {
    mountFailures: new Map([[POD_UID, [{ volume, kind, lastSeenAt, message: `${kind} of ${volume}` }]]]),
  };
}

const account = (uid?: string): Partial<ClusterFacts> => ({
  accounts: new Map(uid === undefined ? [] : [['payments/api', { uid, isAutomounted: undefined }]]),
});

const inPod = (overrides: Partial<PodFacts>): Partial<ClusterFacts> => ({
  pods: new Map([[POD_UID, podFacts(overrides)]]),
});

const vault = { volume: 'vault-token', path: 'vault-token', audience: 'vault' };

const cases: readonly {
  readonly it: string;
  readonly facts: Partial<ClusterFacts>;
  readonly cause: OverdueCause;
  readonly detail?: string;
}[] = [
  {
    it: 'the pod is terminating',
    facts: inPod({ isTerminating: true, deletedAt: LATE + 3_600 }),
    cause: 'pod_terminating',
  },
  {
    it: 'the pod is terminating and the end of its grace period is not known',
    facts: inPod({ isTerminating: true }),
    cause: 'pod_terminating',
  },
  {
    it: 'the pod is terminating and the kubelet does not remove it',
    facts: inPod({ isTerminating: true, deletedAt: NOW }),
    cause: 'pod_terminating',
  },
  { it: 'the pod has completed', facts: inPod({ phase: 'Succeeded' }), cause: 'pod_terminating' },
  { it: 'the pod is deleted', facts: { pods: new Map() }, cause: 'pod_terminating' },
  { it: 'the service account does not exist', facts: account(), cause: 'service_account_missing' },
  {
    it: 'the kubelet reports that the service account does not exist',
    facts: { accounts: undefined, ...failing('vault-token', 'account_missing') },
    cause: 'service_account_missing',
    detail: 'account_missing of vault-token',
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
    detail: 'audience_refused of vault-token',
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
    detail: 'other of data',
  },
  {
    it: 'the API server denies the token for another reason',
    facts: failing('vault-token', 'token_refused'),
    cause: 'own_volume_failed',
    detail: 'token_refused of vault-token',
  },
  {
    it: 'another source of the volume of the token is missing',
    facts: failing('vault-token', 'volume_source'),
    cause: 'own_volume_failed',
  },
  {
    it: 'the volume of the token fails for a reason that is not known',
    facts: failing('vault-token', 'other'),
    cause: 'own_volume_failed',
  },
  {
    it: 'the kubelet alone cannot reach the API server',
    facts: failing('vault-token', 'unreachable'),
    cause: 'own_volume_failed',
    detail: 'unreachable of vault-token',
  },
  {
    it: 'no container mounts the volume of the token',
    facts: inPod({ projections: [projection({ ...vault, isMounted: false })] }),
    cause: 'volume_not_mounted',
  },
  {
    it: 'the volume of the token fails although the spec mounts it in no container',
    facts: {
      ...inPod({ projections: [projection({ ...vault, isMounted: false })] }),
      ...failing('vault-token', 'volume_source'),
    },
    cause: 'own_volume_failed',
  },
  {
    it: 'a claim that the pod mounts does not exist',
    facts: {
      ...inPod({ claims: ['there', 'gone'] }),
      claims: new Map([
        ['payments/there', true],
        ['payments/gone', false],
        ['other/there', false],
      ]),
    },
    cause: 'claim_missing',
    detail: 'PersistentVolumeClaim gone',
  },
  {
    it: 'the kubelet reports a claim that does not exist',
    facts: failing('data', 'claim_missing'),
    cause: 'claim_missing',
  },
  {
    it: 'a ConfigMap or Secret of another volume is missing, which blocks nothing',
    facts: failing('data', 'volume_source'),
    cause: 'unknown',
  },
  {
    it: 'it is not known whether the claims of the pod exist',
    facts: inPod({ claims: ['data'] }),
    cause: 'unknown',
  },
  {
    it: 'the event of its volume is from before the refresh was due',
    facts: failing('vault-token', 'volume_source', DUE - 1),
    cause: 'unknown',
  },
  {
    it: 'the event of another volume is from before the refresh was due',
    facts: failing('data', 'other', DUE - 1),
    cause: 'unknown',
  },
  { it: 'nothing explains it', facts: {}, cause: 'unknown' },
  {
    it: 'requests of the exporter have failed since before the refresh was due',
    facts: { outage: { since: DUE - 60, until: undefined } },
    cause: 'api_server_unreachable',
  },
  {
    it: 'requests of the exporter have failed since a healthy kubelet might still have been waiting',
    facts: { outage: { since: DUE + 120, until: undefined } },
    cause: 'api_server_unreachable',
  },
  {
    it: 'requests of the exporter have failed since later',
    facts: { outage: { since: DUE + 121, until: undefined } },
    cause: 'unknown',
  },
  {
    it: 'the API server has returned three minutes ago',
    facts: { outage: { since: DUE - 60, until: LATE - 180 } },
    cause: 'api_server_unreachable',
  },
  {
    it: 'the API server has returned longer ago',
    facts: { outage: { since: DUE - 60, until: LATE - 181 } },
    cause: 'unknown',
  },
  {
    it: 'the outage ended before the refresh was due',
    facts: { outage: { since: DUE - 600, until: DUE - 1 } },
    cause: 'unknown',
  },
  {
    it: 'the kubelet could not reach the API server either',
    facts: {
      outage: { since: DUE, until: LATE - 10 },
      ...failing('vault-token', 'unreachable'),
    },
    cause: 'api_server_unreachable',
  },
  {
    it: 'the service account is missing and the API server is away as well',
    facts: { ...account(), outage: { since: DUE, until: undefined } },
    cause: 'service_account_missing',
  },
];

function inAnotherPod(podUid: string, overrides: Partial<Token['claims']> = {}): Token {
  return token({ identity: { podUid }, claims: { pod: { name: podUid, uid: podUid }, ...overrides } });
}

function podsOf(tokens: readonly Token[], overrides: Partial<PodFacts> = {}): ClusterFacts['pods'] {
  return new Map(
    tokens.map(({ identity: { podUid: uid, volume, path } }) => [
      uid,
      podFacts({ uid, projections: [projection({ volume, path, audience: 'vault' })], ...overrides }),
    ]),
  );
}

describe('overdueCauses', () => {
  for (const { it: title, facts, cause, detail } of cases) {
    it(`returns ${cause} if ${title}`, () => {
      const [found] = findingsOf([late], clusterAround(late, facts));
      assert.equal(found?.cause, cause);
      if (detail !== undefined) assert.equal(found?.detail, detail);
    });
  }

  it('returns clock_skew for a token that is not valid yet', () => {
    assert.deepEqual(causesOf([late], clusterAround(late), NOW - 61), ['clock_skew']);
  });

  it('returns no cause before the token is overdue', () => {
    assert.deepEqual(causesOf([late], clusterAround(late), LATE - 1), [undefined]);
  });

  it('returns no cause for a token that the kubelet does not rotate', () => {
    const pods = new Map([[POD_UID, podFacts({ projections: [] })]]);
    assert.deepEqual(causesOf([late], clusterAround(late, { pods })), [undefined]);
  });

  it('returns the latest of several events', () => {
    const events = [
      { volume: 'vault-token', kind: 'other', lastSeenAt: LATE - 9, message: 'first' },
      { volume: 'vault-token', kind: 'other', lastSeenAt: LATE, message: 'last' },
    ] as const;
    const facts = clusterAround(late, { mountFailures: new Map([[POD_UID, events]]) });
    assert.equal(findingsOf([late], facts)[0]?.detail, 'last');
  });

  it('has a test for every cause', () => {
    const found = new Set<OverdueCause>([
      ...cases.map(({ cause }) => cause),
      'clock_skew',
      'kubelet_stalled',
    ]);
    assert.deepEqual([...found].sort(), [...OVERDUE_CAUSES].sort());
  });
});

describe('kubelet_stalled', () => {
  const other = inAnotherPod('another-pod');
  const both = [late, other];
  const pods = podsOf(both);

  it('is the cause if tokens of two pods are overdue and no pod received a token since', () => {
    assert.deepEqual(causesOf(both, clusterAround(late, { pods })), ['kubelet_stalled', 'kubelet_stalled']);
  });

  it('is the cause without any data from the API server', () => {
    const cluster = clusterAround(late, { pods: undefined, authority: undefined, accounts: undefined });
    assert.deepEqual(causesOf(both, cluster), ['kubelet_stalled', 'kubelet_stalled']);
  });

  it('is not the cause if another pod received a token since', () => {
    const fresh = inAnotherPod('third', { issuedAt: LATE, expiresAt: LATE + 3_600 });
    const written = { ...fresh, file: { ...fresh.file, modifiedAt: LATE } };
    const cluster = clusterAround(late, { pods: podsOf([...both, written]) });
    assert.deepEqual(causesOf([...both, written], cluster), ['unknown', 'unknown', undefined]);
  });

  it('is the cause though another token was issued in the future', () => {
    const future = inAnotherPod('third', { issuedAt: LATE + 7_200, expiresAt: LATE + 9_000 });
    const cluster = clusterAround(late, { pods: podsOf([...both, future]) });
    assert.deepEqual(causesOf([...both, future], cluster), [
      'kubelet_stalled',
      'kubelet_stalled',
      'clock_skew',
    ]);
  });

  it('is still the cause when the token from the future has become valid', () => {
    const future = inAnotherPod('third', { issuedAt: LATE, expiresAt: LATE + 9_000 });
    const written = { ...future, file: { ...future.file, modifiedAt: NOW } };
    const cluster = clusterAround(late, { pods: podsOf([...both, written]) });
    assert.deepEqual(causesOf([...both, written], cluster).slice(0, 2), [
      'kubelet_stalled',
      'kubelet_stalled',
    ]);
  });

  it('is the cause though a Secret holds a fresh token of another cluster', () => {
    const foreign = inAnotherPod('third', { issuedAt: LATE, expiresAt: LATE + 3_600 });
    const written = { ...foreign, file: { ...foreign.file, modifiedAt: LATE } };
    const cluster = clusterAround(late, {
      pods: new Map([...(pods ?? []), ['third', podFacts({ uid: 'third', projections: [] })]]),
    });
    assert.deepEqual(causesOf([...both, written], cluster).slice(0, 2), [
      'kubelet_stalled',
      'kubelet_stalled',
    ]);
  });

  it('is the cause only of tokens that became overdue after the last new token', () => {
    const stuck = token({
      claims: { issuedAt: NOW - 7_200, expiresAt: NOW + 86_400, warnAfter: NOW - 3_600 },
      identity: { volume: 'stuck' },
    });
    const requested = [stuck, late].map(({ identity: { volume, path } }) => projection({ volume, path }));
    const withStuck = new Map([...(pods ?? []), [POD_UID, podFacts({ projections: requested })]]);
    const cluster = clusterAround(late, { pods: withStuck });
    assert.deepEqual(causesOf([stuck, late, other], cluster), [
      'unknown',
      'kubelet_stalled',
      'kubelet_stalled',
    ]);
  });

  it('is not the cause for two tokens of one pod', () => {
    const sibling = token({ identity: { volume: 'other' } });
    const requested = [sibling, late].map(({ identity: { volume, path } }) => projection({ volume, path }));
    const cluster = clusterAround(late, { pods: new Map([[POD_UID, podFacts({ projections: requested })]]) });
    assert.deepEqual(causesOf([late, sibling], cluster), ['unknown', 'unknown']);
  });

  it('is not the cause during an outage of the API server', () => {
    const cluster = clusterAround(late, { pods, outage: { since: DUE, until: undefined } });
    assert.deepEqual(causesOf(both, cluster), ['api_server_unreachable', 'api_server_unreachable']);
  });

  it('is the cause of tokens that were overdue before an outage', () => {
    const cluster = clusterAround(late, { pods, outage: { since: LATE - 60, until: undefined } });
    assert.deepEqual(causesOf(both, cluster), ['kubelet_stalled', 'kubelet_stalled']);
  });

  it('is the cause once the grace period of a deletion has passed and the folders are still there', () => {
    const deleted = podsOf(both, { isTerminating: true, deletedAt: LATE - 91 });
    assert.deepEqual(causesOf(both, clusterAround(late, { pods: deleted })), [
      'kubelet_stalled',
      'kubelet_stalled',
    ]);
  });

  it('is not the cause for pods that terminate on a drained node', () => {
    const draining = podsOf(both, { isTerminating: true, deletedAt: LATE + 7_200 });
    assert.deepEqual(causesOf(both, clusterAround(late, { pods: draining })), [
      'pod_terminating',
      'pod_terminating',
    ]);
  });

  describe('once seen', () => {
    const cluster = clusterAround(late, { pods });
    const assess = createAssess(policy());
    const stall = stallOf(
      both.map((one) => assess(one, LATE, cluster)),
      LATE,
      { outage: undefined, stall: undefined },
    );
    const fresh = inAnotherPod('another-pod', { issuedAt: LATE + 10, expiresAt: LATE + 3_610 });
    const rotated = { ...fresh, file: { ...fresh.file, modifiedAt: LATE + 10 } };

    it('stays the cause when the pods are marked for deletion', () => {
      const marked = podsOf(both, { isTerminating: true, deletedAt: LATE + 30 });
      assert.deepEqual(causesOf(both, clusterAround(late, { pods: marked }), LATE + 5, stall), [
        'kubelet_stalled',
        'kubelet_stalled',
      ]);
    });

    it('stays the cause when the pods are gone from the API server and their folders are not', () => {
      assert.deepEqual(causesOf(both, clusterAround(late, { pods: new Map() }), LATE + 5, stall), [
        'kubelet_stalled',
        'kubelet_stalled',
      ]);
    });

    it('stays the cause of the last pod when the folders of the others go', () => {
      assert.deepEqual(causesOf([late], cluster, LATE + 5, stall), ['kubelet_stalled']);
    });

    it('stays the cause while the kubelet catches up', () => {
      assert.deepEqual(causesOf([late, rotated], cluster, LATE + 20, stall), ['kubelet_stalled', undefined]);
    });

    it('is no longer a cause three minutes after the kubelet has received a token', () => {
      const after = LATE + 20;
      const recovering = stallOf(
        [late, rotated].map((one) => assess(one, after, cluster)),
        after,
        { outage: undefined, stall },
      );
      assert.deepEqual(recovering?.endedAt, after);
      const caught = (now: number) => causesOf([late, rotated], cluster, now, recovering)[0];
      assert.deepEqual([caught(after + 180), caught(after + 181)], ['kubelet_stalled', 'unknown']);
    });

    it('ends when every token has moved', () => {
      const moved = both.map(({ identity }) =>
        inAnotherPod(identity.podUid, { issuedAt: LATE + 10, expiresAt: LATE + 3_610 }),
      );
      const assessments = moved.map((one) => assess(one, LATE + 20, cluster));
      assert.equal(stallOf(assessments, LATE + 20, { outage: undefined, stall }), undefined);
    });
  });
});
