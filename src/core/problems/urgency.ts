/**
 * The order in which tokens are shown: the most urgent first.
 */
import type { Assessment } from '../assessment.ts';
import type { Reason } from '../checks/index.ts';
import type { EpochSeconds } from '../token/token.ts';
import { SEVERITIES, worstSeverity } from './severity.ts';

const HEALTHY = SEVERITIES.length;

/** 0 for critical; the highest rank is that of a token that fails no check. */
function rankOf({ failures }: Assessment): number {
  const worst = worstSeverity(failures.map(({ severity }) => severity));
  return worst === undefined ? HEALTHY : SEVERITIES.indexOf(worst);
}

/** With any other critical problem, the receiver rejects the token already. */
const STILL_ACCEPTED: readonly Reason[] = ['rotation_overdue', 'stale', 'pod_mismatch'];

function isRejected({ failures }: Assessment): boolean {
  return failures.some(
    ({ check, severity }) => severity === 'critical' && !STILL_ACCEPTED.includes(check.reason),
  );
}

/** When the token is rejected; the next refresh of a token that fails no check. */
function instantOf(assessment: Assessment, now: EpochSeconds): EpochSeconds {
  const { token, schedule } = assessment;
  const { expiresAt = Number.POSITIVE_INFINITY } = token.claims;
  if (assessment.failures.length > 0) return isRejected(assessment) ? Math.min(now, expiresAt) : expiresAt;
  return schedule.refreshDue ?? schedule.nominalExpiration ?? Number.POSITIVE_INFINITY;
}

/** By the worst severity, then by the time left until rejection. */
export function byUrgency(assessments: readonly Assessment[], now: EpochSeconds): readonly Assessment[] {
  return assessments
    .map((assessment) => ({ assessment, rank: rankOf(assessment), instant: instantOf(assessment, now) }))
    .sort((a, b) => {
      if (a.rank !== b.rank) return a.rank - b.rank;
      // The difference of two infinite instants is NaN.
      return a.instant === b.instant ? 0 : a.instant - b.instant;
    })
    .map(({ assessment }) => assessment);
}
