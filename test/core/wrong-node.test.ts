/**
 * Pods that the API server lists for a name that is not this node's.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { isFailing } from '../../src/core/assessment.ts';
import type { ClusterFacts, PodFacts } from '../../src/core/cluster-facts.ts';
import { createTakeSnapshot, type Snapshot } from '../../src/core/snapshot.ts';
import type { Token, TokenClaims } from '../../src/core/token/token.ts';
import { describeWrongNode } from '../../src/core/wrong-node.ts';
import { clusterAround, podFacts } from '../support/cluster.ts';
import { facts, legacyToken, NOW, observation, policy, token } from '../support/tokens.ts';

const takeSnapshot = createTakeSnapshot(policy());

/** A token in a pod of that name, issued for that node. */
function tokenOf(pod: string, node?: string, overrides: Partial<TokenClaims> = {}): Token {
  const claims = {
    pod: { name: pod, uid: pod },
    node: node === undefined ? undefined : { name: node, uid: undefined },
  };
  return token({ claims: { ...claims, ...overrides }, identity: { podUid: pod } });
}

function listed(...uids: readonly string[]): ReadonlyMap<string, PodFacts> {
  return new Map(uids.map((uid) => [uid, podFacts({ uid, name: uid })]));
}

function clusterWith(pods: ClusterFacts['pods'], overrides: Partial<ClusterFacts> = {}): ClusterFacts {
  return clusterAround(token(), {
    nodeName: 'node-1',
    resources: new Map([['pods', { isUp: true }]]),
    pods,
    ...overrides,
  });
}

function judge(tokens: readonly Token[], cluster: ClusterFacts, after = 0): Snapshot {
  return takeSnapshot(facts({ observation: observation({ tokens }), cluster }), NOW + after);
}

describe('the pods that the API server lists', () => {
  const cases: readonly {
    readonly it: string;
    readonly tokens: readonly Token[];
    readonly pods: ClusterFacts['pods'];
    readonly overrides?: Partial<ClusterFacts>;
    readonly wrong?: Snapshot['wrongNode'];
  }[] = [
    {
      it: 'are used if they include the pods on the node',
      tokens: [tokenOf('a', 'node-1')],
      pods: listed('a', 'b'),
    },
    {
      it: 'are used if only one of the pods on the node still exists, as after a forced deletion of the others',
      tokens: [tokenOf('a'), tokenOf('b'), tokenOf('exporter')],
      pods: listed('exporter'),
    },
    { it: 'are used if the node has no tokens', tokens: [], pods: listed() },
    {
      it: 'are used if the exporter could not read the pod that is on the node',
      tokens: [tokenOf('a')],
      pods: listed(),
      overrides: { unreadable: new Set(['a']) },
    },
    {
      it: 'are used if only a token that is not bound to its pod names another node',
      tokens: [tokenOf('a', 'elsewhere', { pod: { name: 'x', uid: 'x' } })],
      pods: listed('a'),
    },
    { it: 'stay unknown if they are not known', tokens: [tokenOf('a', 'elsewhere')], pods: undefined },
    {
      it: 'are discarded if the list is empty but the node has tokens',
      tokens: [tokenOf('a')],
      pods: listed(),
      wrong: { usedName: 'node-1', claimedName: undefined },
    },
    {
      it: 'are discarded if none of them is on the node',
      tokens: [tokenOf('a'), legacyToken()],
      pods: listed('b', 'c'),
      wrong: { usedName: 'node-1', claimedName: undefined },
    },
    {
      it: 'are discarded if they are of another cluster with a node of the same name',
      tokens: [tokenOf('a', 'node-1')],
      pods: listed('b'),
      wrong: { usedName: 'node-1', claimedName: 'node-1' },
    },
    {
      it: 'are discarded if all tokens name another node',
      tokens: [tokenOf('a', 'elsewhere'), tokenOf('b', 'elsewhere'), tokenOf('c')],
      pods: listed('a'),
      wrong: { usedName: 'node-1', claimedName: 'elsewhere' },
    },
    {
      it: 'are discarded, without a name to set, if the tokens name several nodes',
      tokens: [tokenOf('a', 'elsewhere'), tokenOf('b', 'nowhere')],
      pods: listed(),
      wrong: { usedName: 'node-1', claimedName: undefined },
    },
  ];
  for (const { it: title, tokens, pods, overrides, wrong } of cases)
    it(title, () => {
      const { cluster, wrongNode } = judge(tokens, clusterWith(pods, overrides));
      assert.deepEqual(wrongNode, wrong);
      assert.equal(cluster.pods, wrong === undefined ? pods : undefined);
      const state = wrong === undefined ? { isUp: true } : { isUp: false, failure: 'wrong_node' };
      assert.deepEqual(cluster.resources.get('pods'), state);
    });

  it('silence no check if they are of another node', () => {
    const one = tokenOf('a');
    assert.equal(judge([one], clusterWith(listed()), 3_700).assessments.filter(isFailing).length, 1);
    const gone = judge([one, tokenOf('exporter')], clusterWith(listed('exporter')), 3_700);
    assert.deepEqual(
      gone.assessments
        .filter(({ failures }) => failures.some(({ severity }) => severity !== 'info'))
        .map(({ token: { identity } }) => identity.podUid),
      ['exporter'],
    );
  });

  it('are not searched for missing tokens if they are of another node', () => {
    assert.deepEqual(judge([tokenOf('a')], clusterWith(listed('b'))).missingTokens, []);
  });

  it('leave the same facts at every snapshot, so that verdicts stay cached', () => {
    const cluster = clusterWith(listed());
    const one = tokenOf('a');
    assert.equal(judge([one], cluster).cluster, judge([one], cluster).cluster);
  });
});

describe('describeWrongNode', () => {
  it('names the option, the name used and the name that the tokens claim', () => {
    assert.equal(
      describeWrongNode({ usedName: 'host', claimedName: 'node-1' }),
      'the pods that the API server lists for the node host are not on this node, whose tokens name the node node-1: set --node-name=node-1 instead of host',
    );
  });

  for (const claimedName of ['host', undefined])
    it(`names the kubeconfig if the tokens name ${claimedName ?? 'no node'}`, () => {
      assert.equal(
        describeWrongNode({ usedName: 'host', claimedName }),
        'the pods that the API server lists for the node host are not on this node: check --node-name=host and the cluster of the kubeconfig',
      );
    });
});
