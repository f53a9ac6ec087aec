/**
 * The facts that the exporter would read from a simulated API server, without HTTP.
 */

import type { Cluster } from '../../simulator/cluster.ts';
import type { Resource } from '../../simulator/stores.ts';
import { CLUSTER_RESOURCES, type ClusterFacts, NO_CLUSTER } from '../../src/core/cluster-facts.ts';
import type { Token } from '../../src/core/token/token.ts';
import { parseMountFailures } from '../../src/sources/api-server/mount-failures.ts';
import type { Trimmed } from '../../src/sources/api-server/replica.ts';
import { trimAccount, trimPod } from '../../src/sources/api-server/resources.ts';
import { type JsonObject, object } from '../../src/util/json.ts';

type Trim<T> = (thing: JsonObject) => Trimmed<T> | undefined;

function trimmed<T>(cluster: Cluster, resource: Resource, trim: Trim<T>): ReadonlyMap<string, T> {
  const found = cluster.list(resource).flatMap((one) => trim(object(one) ?? {}) ?? []);
  return new Map(found.flatMap(({ key, value }) => (value === undefined ? [] : [[key, value]])));
}

function mountFailures(cluster: Cluster, podUids: Iterable<string>): ClusterFacts['mountFailures'] {
  const items = cluster.list('events');
  const of = (uid: string) =>
    items.filter((event) => object(object(event)?.['involvedObject'])?.['uid'] === uid);
  return new Map([...podUids].map((uid) => [uid, parseMountFailures({ items: of(uid) }) ?? []]));
}

/** The signature of the token in the pod `forged` is invalid. */
function signatures(tokens: readonly Token[]): ReadonlyMap<Token, boolean> {
  return new Map(tokens.map((token) => [token, token.identity.pod !== 'forged']));
}

/** All facts, up to date at `now`. */
export function factsOf(cluster: Cluster, tokens: readonly Token[], now: number): ClusterFacts {
  const pods = trimmed(cluster, 'pods', trimPod);
  return {
    ...NO_CLUSTER,
    resources: new Map(CLUSTER_RESOURCES.map((resource) => [resource, { isUp: true }])),
    pods,
    accounts: trimmed(cluster, 'serviceaccounts', trimAccount),
    authority: {
      readAt: now,
      issuer: cluster.issuer(),
      keyIds: new Set(cluster.keys().map(({ keyId }) => keyId)),
      audiences: cluster.audiences(),
      audiencesIssuedAt: now,
    },
    signatures: signatures(tokens),
    mountFailures: mountFailures(cluster, pods.keys()),
  };
}

/** No facts, because the API server is unreachable. */
export const UNREACHABLE: ClusterFacts = {
  ...NO_CLUSTER,
  resources: new Map(
    CLUSTER_RESOURCES.map((resource) => [resource, { isUp: false, failure: 'unreachable' }]),
  ),
};
