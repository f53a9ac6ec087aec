/**
 * Tokens that a pod's spec requires but that are missing on the node, and pods that have no token by design.
 *
 * Both need the pods from the API server; without them nothing is missing.
 */
import { sameEntries } from '../util/stable.ts';
import { POD_CHECKS, type Reason } from './checks/index.ts';
import type { PodCheck, PodFiles } from './checks/pod-check.ts';
import type { AccountFacts, ClusterFacts, PodFacts } from './cluster-facts.ts';
import { accountOf, isInactive } from './context.ts';
import type { Observation } from './observation.ts';
import type { Severity } from './severity.ts';
import type { EpochSeconds, TokenIdentity } from './token.ts';

/** A token that is missing, and the check that says so. */
export interface MissingToken {
  readonly check: PodCheck & { readonly reason: Reason };
  readonly identity: TokenIdentity;
  readonly detail: string;
  readonly severity: Severity;
}

/** Why a pod has no token. Values of a label, public contract: retire them, never rename them. */
export const NO_TOKEN_REASONS = [
  'automount_disabled_pod',
  'automount_disabled_serviceaccount',
  'static_pod',
  /** The settings of its service account are not known. */
  'unknown',
  'other',
] as const;
export type NoTokenReason = (typeof NO_TOKEN_REASONS)[number];

function activePods({ pods }: ClusterFacts): readonly PodFacts[] {
  return [...(pods?.values() ?? [])].filter((pod) => !isInactive(pod));
}

function identityOf(pod: PodFacts, volume: string, path: string): TokenIdentity {
  const { namespace, name, uid, serviceAccount } = pod;
  return { namespace, pod: name, podUid: uid, serviceAccount, volume, path };
}

/** Indexes the files of an observation by pod. Built once per observation, which may have hundreds of pods. */
function indexFiles(observation: Observation): (podUid: string) => PodFiles {
  const found = new Set(
    [...observation.tokens.map(({ identity }) => identity), ...observation.unreadable].map(
      ({ podUid, volume, path }) => [podUid, volume, path].join('\0'),
    ),
  );
  const { scannedAt } = observation;
  return (podUid) => ({
    scannedAt,
    // An unreadable volume, pod folder or pods folder may hold any file.
    mayHave: (volume, path) =>
      [
        [podUid, volume, path],
        [podUid, volume, ''],
        [podUid, '', ''],
        ['', '', ''],
      ].some((location) => found.has(location.join('\0'))),
  });
}

/** Every missing token, pod by pod. */
export function findMissing(observation: Observation, cluster: ClusterFacts): readonly MissingToken[] {
  const pods = activePods(cluster);
  if (pods.length === 0) return [];
  const filesOf = indexFiles(observation);
  return pods.flatMap((pod) =>
    POD_CHECKS.flatMap((check) =>
      check.findMissing(pod, filesOf(pod.uid)).map(({ volume, path, detail, severity }) => ({
        check,
        identity: identityOf(pod, volume, path),
        detail,
        severity,
      })),
    ),
  );
}

/** When each missing token was first found missing, by key; undefined if this process does not track it. */
export type MissingSince = ReadonlyMap<string, EpochSeconds> | undefined;

/** The kubelet unmounts the volumes of a pod that ends up to this long before the API server reports its end. */
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
  const since = new Map(missingTokens.map((missing) => [keyOf(missing), before?.get(keyOf(missing)) ?? now]));
  return before !== undefined && sameEntries(before, since) ? before : since;
}

/** Drops tokens that went missing a moment ago: their pods may have ended. */
export function filterPersistent(
  missingTokens: readonly MissingToken[],
  since: MissingSince,
  now: EpochSeconds,
): readonly MissingToken[] {
  if (since === undefined) return missingTokens;
  return missingTokens.filter((missing) => now - (since.get(keyOf(missing)) ?? now) >= LAG_SECONDS);
}

/** Returns undefined if the pod has a token. `automountServiceAccountToken` of the pod overrides the account's. */
export function noTokenReason(
  pod: PodFacts,
  account: AccountFacts | 'absent' | undefined,
): NoTokenReason | undefined {
  if (pod.projections.length > 0) return undefined;
  if (pod.isStatic) return 'static_pod';
  if (pod.isAutomounted === false) return 'automount_disabled_pod';
  if (pod.isAutomounted === true || account === 'absent') return 'other';
  if (account === undefined) return 'unknown';
  return account.isAutomounted === false ? 'automount_disabled_serviceaccount' : 'other';
}

export interface TokenlessPod {
  readonly pod: PodFacts;
  readonly reason: NoTokenReason;
}

/** The active pods whose specs request no token, and why. */
export function tokenlessPods(cluster: ClusterFacts): readonly TokenlessPod[] {
  return activePods(cluster).flatMap((pod) => {
    const reason = noTokenReason(pod, accountOf(cluster, pod.namespace, pod.serviceAccount));
    return reason === undefined ? [] : [{ pod, reason }];
  });
}
