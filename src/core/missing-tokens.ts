/**
 * Tokens that a pod's spec requires but that are missing on the node, and pods that have no token by design.
 *
 * Both need the pods from the API server; without them nothing is missing.
 */
import { sameEntries } from '../util/stable.ts';
import { POD_CHECKS, type Reason } from './checks/index.ts';
import { orphaned } from './checks/orphaned.ts';
import type { PodCheck, PodFiles } from './checks/pod-check.ts';
import type { AccountFacts, ClusterFacts, PodFacts } from './cluster-facts.ts';
import { accountOf, isInactive } from './context.ts';
import type { Observation, Unreadable } from './observation.ts';
import type { Severity } from './problems/severity.ts';
import type { EpochSeconds, TokenIdentity } from './token/token.ts';

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

function locationKey({ podUid, volume, path }: Pick<TokenIdentity, 'podUid' | 'volume' | 'path'>): string {
  return [podUid, volume, path].join('\0');
}

/** Indexes the files of an observation by pod. Built once per observation, which may have hundreds of pods. */
function indexFiles(observation: Observation): (podUid: string) => PodFiles {
  // A limit leaves out no path that the spec names, or says so for the volume.
  const unreadable = observation.unreadable.filter(
    ({ reason, volume }) => reason !== 'limit' || volume !== '',
  );
  const found = new Set(
    [...observation.tokens.map(({ identity }) => identity), ...unreadable].map(locationKey),
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

const OVERSIZED =
  'the volumes in the spec of the pod are beyond the limits: its tokens are not judged by the spec, and none is found missing';

/** Whether the API server is known not to know the pod. */
function isAbsent({ pods, unreadable }: ClusterFacts, podUid: string): boolean {
  return pods !== undefined && podUid !== '' && !pods.has(podUid) && !unreadable.has(podUid);
}

/** Whether it is an empty volume of a pod that the API server does not know, as a hard reboot leaves it. */
function isOrphan({ podUid, reason }: Unreadable, cluster: ClusterFacts): boolean {
  return reason === 'not_mounted' && isAbsent(cluster, podUid);
}

/** What cannot be read, without what is left of pods that the API server does not know. */
export function withoutOrphans(observation: Observation, cluster: ClusterFacts): Observation {
  const unreadable = observation.unreadable.filter((object) => !isOrphan(object, cluster));
  return unreadable.length === observation.unreadable.length ? observation : { ...observation, unreadable };
}

/**
 * An observation in which the files that hold something else where a pod's spec requests a token are unreadable: the
 * source of the files does not know the specs.
 */
export function withMisplaced(observation: Observation, cluster: ClusterFacts): Observation {
  const requested = activePods(cluster).flatMap(({ uid, projections }) =>
    projections.map(({ volume, path }) => ({ podUid: uid, volume, path })),
  );
  const paths = new Set(requested.map(({ path }) => path));
  const candidates = observation.others.filter(({ path }) => paths.has(path));
  if (candidates.length === 0) return observation;
  const keys = new Set(requested.map(locationKey));
  const misplaced = candidates.filter((other) => keys.has(locationKey(other)));
  if (misplaced.length === 0) return observation;
  return { ...observation, unreadable: [...observation.unreadable, ...misplaced] };
}

/** What cannot be read, with an entry for each pod whose spec is too large to say which tokens it lacks. */
export function withOversized(observation: Observation, { oversizedPods }: ClusterFacts): Observation {
  const limited = new Set(
    observation.unreadable
      .filter(({ reason, volume }) => reason === 'limit' && volume === '')
      .map(({ podUid }) => podUid),
  );
  const entries = [...oversizedPods.values()]
    .filter((pod) => !isInactive(pod) && !limited.has(pod.uid))
    .map(({ uid }) => ({ podUid: uid, volume: '', path: '', reason: 'limit' as const, detail: OVERSIZED }));
  if (entries.length === 0) return observation;
  return { ...observation, unreadable: [...observation.unreadable, ...entries] };
}

function findOrphans({ unreadable }: Observation, cluster: ClusterFacts): readonly MissingToken[] {
  const orphans = new Map(
    unreadable
      .filter((object) => isOrphan(object, cluster))
      .map((object) => [[object.podUid, object.volume].join('\0'), object]),
  );
  return Array.from(orphans.values(), ({ podUid, volume }) => ({
    check: orphaned,
    identity: { namespace: '', pod: '', podUid, serviceAccount: '', volume, path: '' },
    detail: 'the API server does not know the pod; the volume is empty',
    severity: 'info',
  }));
}

/** Every missing token, pod by pod, and every folder that has no pod. */
export function findMissing(observation: Observation, cluster: ClusterFacts): readonly MissingToken[] {
  return [...findMissingTokens(observation, cluster), ...findOrphans(observation, cluster)];
}

/** A pod that lacks as many tokens is found as well as one that lacks more, and its series are limited. */
const MAX_MISSING_PER_POD = 64;

function findMissingTokens(observation: Observation, cluster: ClusterFacts): readonly MissingToken[] {
  const pods = activePods(cluster);
  if (pods.length === 0) return [];
  const filesOf = indexFiles(observation);
  const findIn = (pod: PodFacts) =>
    POD_CHECKS.flatMap((check) =>
      check.findMissing(pod, filesOf(pod.uid)).map(({ volume, path, detail, severity }) => ({
        check,
        identity: identityOf(pod, volume, path),
        detail,
        severity,
      })),
    );
  const found = pods.flatMap((pod) => findIn(pod).slice(0, MAX_MISSING_PER_POD));
  // A projected volume may have several Secrets, all of them missing: a path is missing once.
  return [...new Map(found.map((missing) => [missingKey(missing), missing])).values()];
}

/** When each missing token was first found missing, by key; undefined if this process does not track it. */
export type MissingSince = ReadonlyMap<string, EpochSeconds> | undefined;

/** The kubelet unmounts the volumes of a pod that ends up to this long before the API server reports its end. */
const LAG_SECONDS = 10;

/** Identifies a missing token in `MissingSince`. */
export function missingKey({ check, identity: { podUid, volume, path } }: MissingToken): string {
  return [check.reason, podUid, volume, path].join('\0');
}

/** Records when each missing token was first found missing. */
export function trackMissing(
  missingTokens: readonly MissingToken[],
  before: MissingSince,
  now: EpochSeconds,
): MissingSince {
  const since = new Map(
    missingTokens.map((missing) => [missingKey(missing), before?.get(missingKey(missing)) ?? now]),
  );
  return before !== undefined && sameEntries(before, since) ? before : since;
}

/** Drops tokens that went missing a moment ago: their pods may have ended. */
export function filterPersistent(
  missingTokens: readonly MissingToken[],
  since: MissingSince,
  now: EpochSeconds,
): readonly MissingToken[] {
  if (since === undefined) return missingTokens;
  return missingTokens.filter((missing) => now - (since.get(missingKey(missing)) ?? now) >= LAG_SECONDS);
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

/** The active pods whose specs request no token and that hold none from a Secret or another source, and why. */
export function tokenlessPods(
  cluster: ClusterFacts,
  { tokens, unreadable }: Observation,
): readonly TokenlessPod[] {
  const holding = new Set([
    ...tokens.map(({ identity }) => identity.podUid),
    ...unreadable.map(({ podUid }) => podUid),
  ]);
  return activePods(cluster).flatMap((pod) => {
    if (holding.has(pod.uid)) return [];
    const reason = noTokenReason(pod, accountOf(cluster, pod.namespace, pod.serviceAccount));
    return reason === undefined ? [] : [{ pod, reason }];
  });
}
