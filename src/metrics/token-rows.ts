/**
 * Table of the metrics with a series for each token.
 */

import { type Assessment, type CheckFailure, type Problem, verdictFor } from '../core/assessment.ts';
import type { OverdueCause } from '../core/causes/overdue-cause.ts';
import type { MissingToken } from '../core/missing-tokens.ts';
import { missingStartOf, problemStartOf } from '../core/problems/problem-start.ts';
import { isReadNow } from '../core/reads/habits.ts';
import type { TokenReads } from '../core/reads/token-reads.ts';
import type { Snapshot } from '../core/snapshot.ts';
import type { EpochSeconds } from '../core/token/token.ts';
import { INFO_LABELS, TOKEN_LABELS, type TokenText } from './labels.ts';
import type { Metric } from './metric.ts';

interface TokenMetric extends Metric {
  /** Changes with the clock, and can be computed from a timestamp metric. */
  readonly isRelative?: true;
}

/** A row with one series for each token; none if the value is undefined. */
export interface ValueRow extends TokenMetric {
  readonly isStatic?: never;
  readonly value: (assessment: Assessment, now: EpochSeconds) => number | undefined;
}

/** A row with any number of series for each token, all of them 1. */
export interface SeriesRow extends TokenMetric {
  readonly isStatic?: never;
  /** Returns their label text. `cause` is undefined unless the token is overdue. */
  readonly series: (
    assessment: Assessment,
    text: TokenText,
    cause: OverdueCause | undefined,
  ) => readonly string[];
  /** The label text of a missing token; `identity` is that of `TOKEN_LABELS`. */
  readonly missing?: (token: MissingToken, identity: string) => string;
}

/** A row with one series for each problem of each token, missing tokens included; none if the value is undefined. */
export interface ProblemRow extends TokenMetric {
  readonly isStatic?: never;
  readonly starts: {
    readonly problem: (snapshot: Snapshot, token: Assessment, problem: CheckFailure) => number | undefined;
    readonly missing: (snapshot: Snapshot, token: MissingToken) => number | undefined;
    /** The label text; `identity` is that of `TOKEN_LABELS`. */
    readonly labels: (identity: string, problem: Problem) => string;
  };
}

/** What depends on the token, its origin and the options alone: not on the clock. */
type StaticFacts = Pick<Assessment, 'token' | 'schedule'>;

/** Printed again only if the tokens of the node or their origins change, which is why it sees nothing else. */
interface StaticValueRow extends TokenMetric {
  readonly isStatic: true;
  readonly value: (facts: StaticFacts) => number | undefined;
}

interface StaticSeriesRow extends TokenMetric {
  readonly isStatic: true;
  readonly series: (facts: StaticFacts, text: TokenText) => readonly string[];
}

export type TokenRow = ValueRow | SeriesRow | ProblemRow | StaticValueRow | StaticSeriesRow;

/** To the millisecond: more digits only make the scrape larger. */
function rounded(seconds: number): number {
  return Math.round(seconds * 1_000) / 1_000;
}

/** Seconds between two instants; undefined if either is. */
function between(from: EpochSeconds | undefined, to: EpochSeconds | undefined): number | undefined {
  return from === undefined || to === undefined ? undefined : rounded(to - from);
}

function audienceMismatch(assessment: Assessment): number | undefined {
  const status = verdictFor(assessment, 'audience_mismatch')?.status;
  return status === 'unknown' || status === undefined ? undefined : Number(status === 'fail');
}

/** Undefined if the volume of the token is not watched. */
function watched(reads: Assessment['reads']): TokenReads | undefined {
  return reads === 'unwatched' ? undefined : reads;
}

function isReadSinceRotation({ reads, token, context }: Assessment): number | undefined {
  const isRead = typeof reads === 'object' ? isReadNow(reads, token, context.pod) : undefined;
  return isRead === undefined ? undefined : Number(isRead);
}

function rotationOverdue({ schedule }: Assessment, now: EpochSeconds): number | undefined {
  const { refreshDue, overdueFrom } = schedule;
  if (refreshDue === undefined || overdueFrom === undefined) return undefined;
  return now > overdueFrom ? rounded(now - refreshDue) : 0;
}

/** Reasons and severities need no escaping. */
function problemText({ check, severity }: Problem): string {
  return `reason="${check.reason}",severity="${severity}"`;
}

const gauge = { type: 'gauge', labels: TOKEN_LABELS } as const;

export const TOKEN_METRICS: readonly TokenRow[] = [
  {
    ...gauge,
    isStatic: true,
    name: 'satoken_issued_timestamp_seconds',
    help: 'Unix time at which the token was issued.',
    value: ({ token }) => token.claims.issuedAt,
  },
  {
    ...gauge,
    isStatic: true,
    name: 'satoken_expiration_timestamp_seconds',
    help: 'Unix time at which the token expires.',
    value: ({ token }) => token.claims.expiresAt,
  },
  {
    ...gauge,
    isStatic: true,
    name: 'satoken_nominal_expiration_timestamp_seconds',
    help: 'End of the requested lifetime. Earlier than the expiration if the API server extended the token.',
    value: ({ schedule }) => schedule.nominalExpiration,
  },
  {
    ...gauge,
    isStatic: true,
    name: 'satoken_refresh_due_timestamp_seconds',
    help: 'Unix time from which the kubelet should rotate the token.',
    value: ({ schedule }) => schedule.refreshDue,
  },
  {
    ...gauge,
    isStatic: true,
    name: 'satoken_last_rotation_timestamp_seconds',
    help: 'Unix time at which the content of the token file last changed.',
    value: ({ token }) => between(0, token.lastRotation),
  },
  {
    ...gauge,
    isRelative: true,
    name: 'satoken_age_seconds',
    help: 'Seconds since the token was issued.',
    value: ({ token }, now) => between(token.claims.issuedAt, now),
  },
  {
    ...gauge,
    isRelative: true,
    name: 'satoken_time_to_expiry_seconds',
    help: 'Seconds until the token expires; negative afterward.',
    value: ({ token }, now) => between(now, token.claims.expiresAt),
  },
  {
    ...gauge,
    isRelative: true,
    name: 'satoken_rotation_overdue_seconds',
    help: 'Seconds since the refresh was due; 0 until the grace period has passed.',
    value: rotationOverdue,
  },
  {
    ...gauge,
    name: 'satoken_audience_mismatch',
    help: '1 if the token lacks its expected audience, 0 if it has it; absent if no audience is expected.',
    value: audienceMismatch,
  },
  {
    ...gauge,
    name: 'satoken_last_read_timestamp_seconds',
    help: 'Unix time at which a workload was last seen to open the token file, renewed at most once a minute; absent unless reads are watched.',
    value: ({ reads }) => between(0, watched(reads)?.lastReadAt),
  },
  {
    ...gauge,
    name: 'satoken_read_since_rotation',
    help: '1 if a workload opened the current token file, 0 if none was seen to; absent if an open may have been missed.',
    value: isReadSinceRotation,
  },
  {
    type: 'gauge',
    labels: [...TOKEN_LABELS, 'reason', 'severity'],
    name: 'satoken_problem',
    help: '1 for each check that the token currently fails, or for an expected token that is missing; absent otherwise.',
    series: ({ failures }, { identity }) => failures.map((failure) => `${identity},${problemText(failure)}`),
    missing: (token, identity) => `${identity},${problemText(token)}`,
  },
  {
    type: 'gauge',
    labels: [...TOKEN_LABELS, 'reason'],
    name: 'satoken_problem_start_timestamp_seconds',
    help: 'Unix time since which the check fails, or at which the exporter first found that it does.',
    starts: {
      problem: (snapshot, token, problem) => between(0, problemStartOf(snapshot, token, problem)?.at),
      missing: (snapshot, token) => between(0, missingStartOf(snapshot, token)?.at),
      labels: (identity, { check }) => `${identity},reason="${check.reason}"`,
    },
  },
  {
    type: 'gauge',
    labels: [...TOKEN_LABELS, 'cause'],
    name: 'satoken_overdue_info',
    help: 'Why the kubelet has not rotated the token in time; 1 for each overdue token.',
    series: (_assessment, { identity }, cause) =>
      cause === undefined ? [] : [`${identity},cause="${cause}"`],
  },
  {
    type: 'gauge',
    labels: [...TOKEN_LABELS, ...INFO_LABELS],
    isStatic: true,
    name: 'satoken_info',
    help: 'Claims of the token as labels; always 1.',
    series: (_facts, { info }) => [info],
  },
];
