/**
 * Why the kubelet has not replaced a token in time, as far as the facts tell.
 *
 * Pure. What holds for one pod is told before what holds for the node.
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

/** Why a late token is late, in a sentence. */
export const CAUSE_DESCRIPTIONS: Readonly<Record<OverdueCause, string>> = {
  pod_terminating: 'the pod is on its way out: nobody refreshes its tokens, and that is no trouble',
  clock_skew: 'the token begins in the future: the kubelet waits for its time to come',
  service_account_missing: 'its service account does not exist',
  service_account_recreated: 'its service account was deleted and made again',
  audience_refused: 'the API server refuses to issue a token for this audience',
  sibling_volume_failed: 'another volume of the pod cannot be brought up to date, and holds up this one',
  node_wide: 'no pod of the node has got a token since: the kubelet is down, or cannot reach the API server',
  unknown: 'nothing that is known explains it; the log of the kubelet does',
};

/** Tokens of so many pods that are late for no reason of their own point at the node. */
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

/** The cause that lies with the pod; undefined where nothing about it tells. */
function ownCause(assessment: Assessment): OverdueCause | undefined {
  const { context, state, token } = assessment;
  if (isInactive(context.pod)) return 'pod_terminating';
  if (state === 'not_yet_valid') return 'clock_skew';
  return accountCause(assessment) ?? mountCause(context.mountFailures ?? [], token);
}

/** When the kubelet last got a token for anybody. */
function lastIssued(assessments: readonly Assessment[]): EpochSeconds {
  return assessments.reduce((last, { token }) => Math.max(last, token.claims.issuedAt ?? 0), 0);
}

/** Those that fell late after the kubelet last got a token for anybody, where they are of several pods. */
function stalled(late: readonly Assessment[], all: readonly Assessment[]): ReadonlySet<Assessment> {
  const last = lastIssued(all);
  const since = late.filter(({ schedule }) => (schedule.overdueFrom ?? 0) >= last);
  const pods = new Set(since.map(({ token }) => token.identity.podUid));
  return new Set(pods.size >= NODE_WIDE_PODS ? since : []);
}

/** The cause for every token that is late; none for the others. */
export function overdueCauses(
  assessments: readonly Assessment[],
  now: EpochSeconds,
): ReadonlyMap<Token, OverdueCause> {
  const late = assessments.filter((assessment) => isLate(assessment, now));
  const own = new Map(late.map((assessment) => [assessment, ownCause(assessment)]));
  const unexplained = late.filter((assessment) => own.get(assessment) === undefined);
  const ofNode = stalled(unexplained, assessments);
  const rest = (assessment: Assessment): OverdueCause => (ofNode.has(assessment) ? 'node_wide' : 'unknown');
  return new Map(late.map((assessment) => [assessment.token, own.get(assessment) ?? rest(assessment)]));
}
