/**
 * Why the kubelet has not rotated a token in time, as far as the facts show.
 *
 * A cause in the pod takes precedence over one on the node. A fact that the kubelet does not stumble over is no cause: a
 * missing ConfigMap or Secret of another volume raises an event but blocks nothing, and an event from before the refresh
 * was due proves nothing.
 */
import type { Assessment } from '../assessment.ts';
import type { MountFailure, Outage } from '../cluster-facts.ts';
import { stageOf } from '../pod-stage.ts';
import type { EpochSeconds, Token } from '../token/token.ts';
import { findStall, isStalled, type NodeStall, RECOVERY_SECONDS } from './node-stall.ts';

/** Values of a label, public contract: retire them, never rename them. */
export const OVERDUE_CAUSES = [
  'pod_terminating',
  'clock_skew',
  'service_account_missing',
  'service_account_recreated',
  'audience_refused',
  'own_volume_failed',
  'volume_not_mounted',
  'claim_missing',
  'sibling_volume_failed',
  'api_server_unreachable',
  'kubelet_stalled',
  'unknown',
] as const;
export type OverdueCause = (typeof OVERDUE_CAUSES)[number];

/** Causes on the node rather than in the pod. */
export const NODE_CAUSES = [
  'api_server_unreachable',
  'kubelet_stalled',
] as const satisfies readonly OverdueCause[];

/** The cause of one token, and the evidence: the message of an event, the name of an object. */
export interface CauseFinding {
  readonly cause: OverdueCause;
  /** Safe to show. */
  readonly detail: string | undefined;
}

/** Each cause as a clause, without a period. */
export const CAUSE_DESCRIPTIONS: Readonly<Record<OverdueCause, string>> = {
  pod_terminating: 'the pod is terminating or deleted; the kubelet no longer refreshes its tokens',
  clock_skew: 'the token is not valid yet, so the kubelet does not refresh it; a clock is wrong',
  service_account_missing: 'the service account does not exist',
  service_account_recreated: 'the service account was recreated',
  audience_refused: 'the API server denies tokens for this audience',
  own_volume_failed: 'the kubelet cannot update the volume of the token',
  volume_not_mounted: 'no container mounts the volume, so the kubelet does not update it',
  claim_missing:
    'a PersistentVolumeClaim that the pod mounts does not exist, which blocks every volume of the pod',
  sibling_volume_failed: 'another volume of the pod cannot be mounted or updated, which can block this one',
  api_server_unreachable:
    'the API server has been unreachable from this node since before the refresh was due',
  kubelet_stalled:
    'no pod on the node has received a token since, and nothing shows that the API server is unreachable; the kubelet is down, hangs or is not authorized',
  unknown: 'cause not visible to the exporter; see the kubelet log',
};

/** A healthy kubelet requests a token up to this long after its refresh is due (measured: 84 s). */
const SYNC_SECONDS = 120;

function isLate({ state, schedule: { overdueFrom } }: Assessment, now: EpochSeconds): boolean {
  return state === 'not_yet_valid' || (overdueFrom !== undefined && now > overdueFrom);
}

/** Whether the kubelet is expected to rotate the token, as far as is known. */
function isRotated({ context: { origin } }: Assessment): boolean {
  return origin === 'kubelet' || origin === 'unknown';
}

function finding(cause: OverdueCause, detail?: string): CauseFinding {
  return { cause, detail };
}

type EventRule = (
  failures: readonly MountFailure[],
  own: readonly MountFailure[],
) => CauseFinding | undefined;

function firstOf(
  cause: OverdueCause,
  failures: readonly MountFailure[],
  kinds: readonly MountFailure['kind'][],
) {
  const found = failures.find(({ kind }) => kinds.includes(kind));
  return found && finding(cause, found.message);
}

/** In order of precedence. */
const EVENT_RULES: readonly EventRule[] = [
  (failures) => firstOf('service_account_missing', failures, ['account_missing']),
  (_failures, own) => firstOf('audience_refused', own, ['audience_refused']),
  (failures) => firstOf('claim_missing', failures, ['claim_missing']),
  (_failures, own) => firstOf('own_volume_failed', own, ['token_refused', 'volume_source', 'other']),
  (failures, own) =>
    firstOf(
      'sibling_volume_failed',
      failures.filter((failure) => !own.includes(failure)),
      ['token_refused', 'audience_refused', 'other'],
    ),
];

function eventCause({ token, context, schedule }: Assessment): CauseFinding | undefined {
  const dueAt = schedule.refreshDue ?? 0;
  const failures = (context.mountFailures ?? [])
    .filter(({ lastSeenAt }) => lastSeenAt >= dueAt)
    .toSorted((a, b) => b.lastSeenAt - a.lastSeenAt);
  const own = failures.filter(({ volume }) => volume === token.identity.volume || volume === '');
  for (const rule of EVENT_RULES) {
    const found = rule(failures, own);
    if (found !== undefined) return found;
  }
  return undefined;
}

function accountCause({ token, context: { account } }: Assessment): CauseFinding | undefined {
  const { uid } = token.claims.serviceAccount;
  if (account === undefined) return undefined;
  if (account === 'absent') return finding('service_account_missing');
  return uid !== undefined && account.uid !== uid ? finding('service_account_recreated') : undefined;
}

function claimCause({ context: { missingClaims } }: Assessment): CauseFinding | undefined {
  const [claim] = missingClaims;
  return claim === undefined ? undefined : finding('claim_missing', `PersistentVolumeClaim ${claim}`);
}

/** Returns undefined if nothing about the pod explains it. */
function podCause(assessment: Assessment): CauseFinding | undefined {
  const { state, stage } = assessment;
  if (stage !== 'active') return finding('pod_terminating');
  if (state === 'not_yet_valid') return finding('clock_skew');
  return accountCause(assessment) ?? claimCause(assessment) ?? eventCause(assessment);
}

/**
 * Whether the API server was unreachable when the kubelet had to request the token. For a while after its return the
 * kubelet is still catching up.
 */
function isOutageCause({ schedule }: Assessment, outage: Outage | undefined, now: EpochSeconds): boolean {
  const { refreshDue } = schedule;
  if (outage === undefined || refreshDue === undefined) return false;
  if (outage.since > refreshDue + SYNC_SECONDS) return false;
  return outage.until === undefined || (outage.until >= refreshDue && now - outage.until <= RECOVERY_SECONDS);
}

/** A deletion that nothing acts on does not make a pod leave: its tokens show whether the kubelet works. */
function isVoter(assessment: Assessment, now: EpochSeconds): boolean {
  const { context, state } = assessment;
  return state !== 'not_yet_valid' && stageOf(context.pod, now, false) === 'active';
}

/**
 * Only tokens that the kubelet writes show whether it works: a pod can put anything elsewhere. If no spec is known, the
 * tokens that look like the kubelet's have to do.
 */
function votersOf(assessments: readonly Assessment[], now: EpochSeconds): readonly Assessment[] {
  const refreshed = assessments.filter(
    (one) => one.schedule.refreshDue !== undefined && isRotated(one) && isVoter(one, now),
  );
  const certain = refreshed.filter(({ context }) => context.origin === 'kubelet');
  return certain.length > 0 ? certain : refreshed;
}

/** What the causes on the node are found from. */
export interface NodeFacts {
  readonly outage: Outage | undefined;
  readonly stall: NodeStall | undefined;
}

/** Returns whether rotation has stalled, for a reason other than an outage of the API server. */
export function stallOf(
  assessments: readonly Assessment[],
  now: EpochSeconds,
  { outage, stall: previous }: NodeFacts,
): NodeStall | undefined {
  const voters = votersOf(assessments, now);
  const unexplained = voters.filter(
    (one) =>
      isLate(one, now) &&
      podCause({ ...one, stage: 'active' }) === undefined &&
      !isOutageCause(one, outage, now),
  );
  return findStall({ all: assessments, voters, unexplained, now }, previous);
}

/** The facts that explain the least. */
function lastResort({ context: { pod, projection } }: Assessment): OverdueCause {
  if (pod !== undefined && pod !== 'absent' && pod.isTerminating) return 'pod_terminating';
  return projection?.isMounted === false ? 'volume_not_mounted' : 'unknown';
}

function nodeCause(assessment: Assessment, now: EpochSeconds, { outage, stall }: NodeFacts): CauseFinding {
  if (isOutageCause(assessment, outage, now)) return finding('api_server_unreachable');
  if (isStalled(assessment.token, stall)) return finding('kubelet_stalled');
  const unreached = (assessment.context.mountFailures ?? []).find(({ kind }) => kind === 'unreachable');
  if (unreached !== undefined && unreached.lastSeenAt >= (assessment.schedule.refreshDue ?? 0))
    return finding('own_volume_failed', unreached.message);
  return finding(lastResort(assessment));
}

/** The cause for every overdue token and every token that is not valid yet. */
export function overdueCauses(
  assessments: readonly Assessment[],
  now: EpochSeconds,
  node: NodeFacts,
): ReadonlyMap<Token, CauseFinding> {
  const late = assessments.filter((one) => isLate(one, now) && isRotated(one));
  return new Map(late.map((one) => [one.token, podCause(one) ?? nodeCause(one, now, node)]));
}
