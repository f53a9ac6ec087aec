/**
 * Why the kubelet has not rotated a token in time, as far as the facts show.
 *
 * A cause in the pod takes precedence over one on the node.
 */
import type { Assessment } from './assessment.ts';
import type { MountFailure } from './cluster-facts.ts';
import { isInactive } from './context.ts';
import type { EpochSeconds, Token } from './token.ts';

/** Values of a label, public contract: retire them, never rename them. */
export const OVERDUE_CAUSES = [
  'pod_terminating',
  'clock_skew',
  'service_account_missing',
  'service_account_recreated',
  'audience_refused',
  'sibling_volume_failed',
  'node_wide',
  'unknown',
] as const;
export type OverdueCause = (typeof OVERDUE_CAUSES)[number];

/** Each cause as a clause, without a period. */
export const CAUSE_DESCRIPTIONS: Readonly<Record<OverdueCause, string>> = {
  pod_terminating: 'the pod is terminating; the kubelet no longer refreshes its tokens, which is expected',
  clock_skew: 'the token is not valid yet, so the kubelet does not refresh it; a clock is wrong',
  service_account_missing: 'the service account does not exist',
  service_account_recreated: 'the service account was recreated',
  audience_refused: 'the API server refuses to issue a token for this audience',
  sibling_volume_failed: 'another volume of the pod cannot be mounted or updated, which blocks this one',
  node_wide:
    'no pod on the node has received a token since; the kubelet is down or cannot reach the API server',
  unknown: 'cause not visible to the exporter; see the kubelet log',
};

/** Overdue tokens of this many pods, without a cause of their own, indicate a cause on the node. */
const NODE_WIDE_PODS = 2;

function isLate({ state, schedule: { overdueFrom } }: Assessment, now: EpochSeconds): boolean {
  return state === 'not_yet_valid' || (overdueFrom !== undefined && now > overdueFrom);
}

function mountCause(failures: readonly MountFailure[], { identity }: Token): OverdueCause | undefined {
  if (failures.some(({ kind }) => kind === 'account_missing')) return 'service_account_missing';
  const own = failures.filter(({ volume }) => volume === identity.volume || volume === '');
  if (own.some(({ kind }) => kind === 'audience_refused')) return 'audience_refused';
  return failures.length > own.length ? 'sibling_volume_failed' : undefined;
}

function accountCause({ token, context: { account } }: Assessment): OverdueCause | undefined {
  const { uid } = token.claims.serviceAccount;
  if (account === undefined) return undefined;
  if (account === 'absent') return 'service_account_missing';
  return uid !== undefined && account.uid !== uid ? 'service_account_recreated' : undefined;
}

/** Returns undefined if nothing about the pod explains it. */
function podCause(assessment: Assessment): OverdueCause | undefined {
  const { context, state, token } = assessment;
  if (isInactive(context.pod)) return 'pod_terminating';
  if (state === 'not_yet_valid') return 'clock_skew';
  return accountCause(assessment) ?? mountCause(context.mountFailures ?? [], token);
}

/** When the kubelet last received a token for any pod. */
function lastIssued(assessments: readonly Assessment[]): EpochSeconds {
  return assessments.reduce((last, { token }) => Math.max(last, token.claims.issuedAt ?? 0), 0);
}

/** Tokens of several pods that became overdue after the kubelet last received a token for any pod. */
function stalledTokens(late: readonly Assessment[], all: readonly Assessment[]): ReadonlySet<Assessment> {
  const last = lastIssued(all);
  const since = late.filter(({ schedule }) => (schedule.overdueFrom ?? 0) >= last);
  const pods = new Set(since.map(({ token }) => token.identity.podUid));
  return new Set(pods.size >= NODE_WIDE_PODS ? since : []);
}

/** The cause for every overdue token and every token that is not valid yet. */
export function overdueCauses(
  assessments: readonly Assessment[],
  now: EpochSeconds,
): ReadonlyMap<Token, OverdueCause> {
  const late = assessments.filter((assessment) => isLate(assessment, now));
  const own = new Map(late.map((assessment) => [assessment, podCause(assessment)]));
  const unexplained = late.filter((assessment) => own.get(assessment) === undefined);
  const ofNode = stalledTokens(unexplained, assessments);
  const rest = (assessment: Assessment): OverdueCause => (ofNode.has(assessment) ? 'node_wide' : 'unknown');
  return new Map(late.map((assessment) => [assessment.token, own.get(assessment) ?? rest(assessment)]));
}
