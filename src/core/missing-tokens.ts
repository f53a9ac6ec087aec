/**
 * Tokens that should be there and are not, and pods that are meant to have none.
 *
 * Pure. Needs to know the pods of the node: without them nothing is said.
 */

import { POD_CHECKS, type Reason } from './checks/index.ts';
import { createSeen, type PodCheck } from './checks/pod-check.ts';
import type { AccountFacts, ClusterFacts, PodFacts } from './cluster-facts.ts';
import { isInactive } from './context.ts';
import type { Observation } from './observation.ts';
import type { EpochSeconds, TokenIdentity } from './token.ts';

/** A check of a pod that fails, and for which token. */
export interface MissingToken {
  readonly check: PodCheck & { readonly reason: Reason };
  readonly identity: TokenIdentity;
  readonly detail: string;
}

/** Why a pod has no token. Values of a label, public contract: retire them, never rename them. */
export const NO_TOKEN_REASONS = [
  'automount_disabled_pod',
  'automount_disabled_serviceaccount',
  'static_pod',
  'other',
] as const;
export type NoTokenReason = (typeof NO_TOKEN_REASONS)[number];

function staying({ pods }: ClusterFacts): readonly PodFacts[] {
  return [...(pods?.values() ?? [])].filter((pod) => !isInactive(pod));
}

function identityOf(pod: PodFacts, volume: string, path: string): TokenIdentity {
  const { namespace, name, uid, serviceAccount } = pod;
  return { namespace, pod: name, podUid: uid, serviceAccount, volume, path };
}

/** When each missing token was first found missing; undefined if no earlier scan tracked it. */
export type MissingSince = ReadonlyMap<string, EpochSeconds> | undefined;

/** A pod that ends loses its volumes up to so long before the API server says that it has ended. */
const LAG_SECONDS = 10;

function keyOf({ check, identity: { podUid, volume, path } }: MissingToken): string {
  return [check.reason, podUid, volume, path].join('\0');
}

/** Records when each missing token was first found missing. */
export function trackMissing(
  missingTokens: readonly MissingToken[],
  before: MissingSince,
  now: EpochSeconds,
): MissingSince {
  return new Map(missingTokens.map((missing) => [keyOf(missing), before?.get(keyOf(missing)) ?? now]));
}

/** Drops tokens that have not been missing for long enough: the pod may have ended a moment ago. */
export function filterPersistent(
  missingTokens: readonly MissingToken[],
  since: MissingSince,
  now: EpochSeconds,
): readonly MissingToken[] {
  if (since === undefined) return missingTokens;
  return missingTokens.filter((missing) => now - (since.get(keyOf(missing)) ?? now) >= LAG_SECONDS);
}

/** Everything that is missing, pod by pod. */
export function findMissing(observation: Observation, cluster: ClusterFacts): readonly MissingToken[] {
  const pods = staying(cluster);
  if (pods.length === 0) return [];
  const seenOf = createSeen(observation);
  return pods.flatMap((pod) =>
    POD_CHECKS.flatMap((check) =>
      check.findMissing(pod, seenOf(pod.uid)).map(({ volume, path, detail }) => ({
        check,
        identity: identityOf(pod, volume, path),
        detail,
      })),
    ),
  );
}

/** The pod's own word wins over its account's. */
export function noTokenReason(pod: PodFacts, account: AccountFacts | undefined): NoTokenReason | undefined {
  if (pod.projections.length > 0) return undefined;
  if (pod.isStatic) return 'static_pod';
  if (pod.isAutomounted === false) return 'automount_disabled_pod';
  const isOff = pod.isAutomounted === undefined && account?.isAutomounted === false;
  return isOff ? 'automount_disabled_serviceaccount' : 'other';
}

export interface TokenlessPod {
  readonly pod: PodFacts;
  readonly reason: NoTokenReason;
}

/** The pods that ask for no token, and why. */
export function tokenlessPods(cluster: ClusterFacts): readonly TokenlessPod[] {
  return staying(cluster).flatMap((pod) => {
    const account = cluster.accounts?.get(`${pod.namespace}/${pod.serviceAccount}`);
    const reason = noTokenReason(pod, account);
    return reason === undefined ? [] : [{ pod, reason }];
  });
}
