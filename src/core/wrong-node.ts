/**
 * Whether the pods that the API server lists are those of this node.
 *
 * They are selected by the name of the Node object, which the exporter cannot verify. With a wrong name, or with the API
 * server of another cluster, every pod on the node would count as deleted, and no check would fail. Such a list is
 * discarded: the pods are not known.
 */
import type { ClusterFacts, ResourceState } from './cluster-facts.ts';
import type { Observation } from './observation.ts';
import type { Token } from './token/token.ts';

/** The API server lists pods that do not match this node. */
export interface WrongNode {
  /** The name that the pods were selected by. */
  readonly usedName: string;
  /** The name of the node in the claims of the tokens; undefined if they have none, or several. */
  readonly claimedName: string | undefined;
}

const WRONG_NODE: ResourceState = { isUp: false, failure: 'wrong_node' };

/** The node in a token that the kubelet requested for the pod that holds it. Older API servers do not name it. */
function claimedNode({ volumeKind, claims, identity }: Token): string | undefined {
  if (volumeKind !== 'projected' || claims.pod?.uid !== identity.podUid) return undefined;
  return claims.node?.name;
}

function isListed({ pods, unreadable }: ClusterFacts, podUid: string): boolean {
  return pods?.has(podUid) === true || unreadable.has(podUid);
}

/** Returns undefined if the pods are not known, or may be those of this node. */
function findWrongNode(observation: Observation, cluster: ClusterFacts): WrongNode | undefined {
  const { pods, nodeName } = cluster;
  const { tokens, unreadable } = observation;
  if (pods === undefined || nodeName === undefined || tokens.length === 0) return undefined;
  const claimed = new Set(tokens.map(claimedNode).filter((name) => name !== undefined));
  const isOtherClaimed = claimed.size > 0 && !claimed.has(nodeName);
  const found = [...tokens.map(({ identity }) => identity), ...unreadable];
  if (!isOtherClaimed && found.some(({ podUid }) => isListed(cluster, podUid))) return undefined;
  return { usedName: nodeName, claimedName: claimed.size === 1 ? [...claimed][0] : undefined };
}

function withoutPods(cluster: ClusterFacts): ClusterFacts {
  return {
    ...cluster,
    pods: undefined,
    oversizedPods: new Map(),
    resources: new Map(cluster.resources).set('pods', WRONG_NODE),
  };
}

export interface CheckedCluster {
  /** Without the pods if they do not match this node. */
  readonly cluster: ClusterFacts;
  readonly wrongNode: WrongNode | undefined;
}

/** Returns a function that discards the pods of another node. Its result has the same `cluster` for the same one. */
export function createNodeCheck(): (observation: Observation, cluster: ClusterFacts) => CheckedCluster {
  const reduced = new WeakMap<ClusterFacts, ClusterFacts>();
  return (observation, cluster) => {
    const wrongNode = findWrongNode(observation, cluster);
    if (wrongNode === undefined) return { cluster, wrongNode };
    const known = reduced.get(cluster) ?? withoutPods(cluster);
    reduced.set(cluster, known);
    return { cluster: known, wrongNode };
  };
}

/** What is wrong and which option to set. */
export function describeWrongNode({ usedName, claimedName }: WrongNode): string {
  const start = `the pods that the API server lists for the node ${usedName} are not on this node`;
  if (claimedName === undefined || claimedName === usedName)
    return `${start}: check --node-name=${usedName} and the cluster of the kubeconfig`;
  return `${start}, whose tokens name the node ${claimedName}: set --node-name=${claimedName} instead of ${usedName}`;
}
