/**
 * Since when a token fails a check.
 */
import type { Assessment, CheckFailure } from '../assessment.ts';
import type { Reason } from '../checks/index.ts';
import type { History } from '../history.ts';
import type { MissingToken } from '../missing-tokens.ts';
import { missingKey } from '../missing-tokens.ts';
import { placeOf } from '../origin.ts';
import type { EpochSeconds } from '../token/token.ts';

export interface ProblemStart {
  readonly at: EpochSeconds;
  /** Whether the claims state the time. Otherwise the problem may be older than the exporter's first look at it. */
  readonly isExact: boolean;
}

/** What problem starts are determined by. */
interface Known {
  readonly history: History;
  readonly now: EpochSeconds;
}

type StartOf = (assessment: Pick<Assessment, 'token' | 'schedule'>) => EpochSeconds | undefined;

/** Problems that begin at a time in the claims, or that the mount states. */
const CLAIMED_STARTS: Readonly<Partial<Record<Reason, StartOf>>> = {
  expired: ({ token }) => token.claims.expiresAt,
  stale: ({ schedule }) => schedule.nominalExpiration,
  rotation_overdue: ({ schedule }) => schedule.overdueFrom,
  container_view_stale: ({ token }) => token.mount?.appearedAt,
};

/** Problems that began at this time at the latest. A copy's volume has the time of its last rotation only. */
const LATEST_STARTS: Readonly<Partial<Record<Reason, StartOf>>> = {
  subpath_frozen: ({ token }) => token.copy?.replacedAt,
};

/** Returns undefined if this process takes one snapshot, and the claims do not state the time. */
export function problemStartOf(
  { history, now }: Known,
  assessment: Pick<Assessment, 'token' | 'schedule'>,
  { check: { reason } }: Pick<CheckFailure, 'check'>,
): ProblemStart | undefined {
  const claimed = CLAIMED_STARTS[reason]?.(assessment);
  if (claimed !== undefined) return { at: claimed, isExact: true };
  const latest = LATEST_STARTS[reason]?.(assessment);
  if (history.missingSince === undefined)
    return latest === undefined ? undefined : { at: latest, isExact: false };
  const seen = history.problemStarts.get(placeOf(assessment.token.identity))?.get(reason) ?? now;
  return { at: Math.min(seen, latest ?? seen), isExact: false };
}

export function missingStartOf({ history, now }: Known, missing: MissingToken): ProblemStart | undefined {
  if (history.missingSince === undefined) return undefined;
  return { at: history.missingSince.get(missingKey(missing)) ?? now, isExact: false };
}
