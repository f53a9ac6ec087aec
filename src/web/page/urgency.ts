/**
 * What to look at first: tokens that fail, the worst before the others, then those whose next instant comes soonest.
 *
 * Pure.
 */
import type { Assessment } from '../../core/assessment.ts';

const RANKS = { critical: 0, warning: 1 } as const;
const HEALTHY = 2;

function rankOf({ failures }: Assessment): number {
  return Math.min(HEALTHY, ...failures.map(({ check }) => RANKS[check.severity]));
}

/** The refresh, or the end where nobody refreshes the token. */
function nextInstant({ schedule }: Assessment): number {
  return schedule.refreshDue ?? schedule.nominalExpiration ?? Number.POSITIVE_INFINITY;
}

interface Placed {
  readonly assessment: Assessment;
  readonly rank: number;
  readonly instant: number;
}

function compare(a: Placed, b: Placed): number {
  if (a.rank !== b.rank) return a.rank - b.rank;
  // Two that never end are equal; their difference would be no number.
  return a.instant === b.instant ? 0 : a.instant - b.instant;
}

export function byUrgency(assessments: readonly Assessment[]): readonly Assessment[] {
  return assessments
    .map(
      (assessment): Placed => ({
        assessment,
        rank: rankOf(assessment),
        instant: nextInstant(assessment),
      }),
    )
    .sort(compare)
    .map(({ assessment }) => assessment);
}
