/**
 * Table of the metrics with a series for each token.
 */

import { type Assessment, verdictFor } from '../core/assessment.ts';
import type { MissingToken } from '../core/missing-tokens.ts';
import type { EpochSeconds } from '../core/token.ts';
import { INFO_LABELS, labelText, TOKEN_LABELS, type TokenText } from './labels.ts';
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
  /** Returns their label text. */
  readonly series: (assessment: Assessment, text: TokenText) => readonly string[];
  /** The label text of a missing token; `identity` is that of `TOKEN_LABELS`. */
  readonly missing?: (token: MissingToken, identity: string) => string;
}

/** What depends on the token and the options alone: neither on the clock nor on the API server. */
type StaticFacts = Pick<Assessment, 'token' | 'schedule'>;

/** Printed again only if the tokens of the node change, which is why it sees nothing else. */
interface StaticValueRow extends TokenMetric {
  readonly isStatic: true;
  readonly value: (facts: StaticFacts) => number | undefined;
}

interface StaticSeriesRow extends TokenMetric {
  readonly isStatic: true;
  readonly series: (facts: StaticFacts, text: TokenText) => readonly string[];
}

export type TokenRow = ValueRow | SeriesRow | StaticValueRow | StaticSeriesRow;

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

const gauge = { type: 'gauge', labels: TOKEN_LABELS } as const;

export const TOKEN_METRICS: readonly TokenRow[] = [
  {
    ...gauge,
    isStatic: true,
    name: 'satoken_issued_timestamp_seconds',
    help: 'When the token was issued.',
    value: ({ token }) => token.claims.issuedAt,
  },
  {
    ...gauge,
    isStatic: true,
    name: 'satoken_expiration_timestamp_seconds',
    help: 'When the token expires: from then on the API server refuses it.',
    value: ({ token }) => token.claims.expiresAt,
  },
  {
    ...gauge,
    isStatic: true,
    name: 'satoken_nominal_expiration_timestamp_seconds',
    help: 'When the lifetime ends that was asked for; before the expiration where the API server extended it.',
    value: ({ schedule }) => schedule.nominalExpiration,
  },
  {
    ...gauge,
    isStatic: true,
    name: 'satoken_refresh_due_timestamp_seconds',
    help: 'When the kubelet should replace the token.',
    value: ({ schedule }) => schedule.refreshDue,
  },
  {
    ...gauge,
    isStatic: true,
    name: 'satoken_last_rotation_timestamp_seconds',
    help: "When the token's content last changed.",
    value: ({ token }) => between(0, token.lastRotation),
  },
  {
    ...gauge,
    isRelative: true,
    name: 'satoken_age_seconds',
    help: 'Time since the token was issued.',
    value: ({ token }, now) => between(token.claims.issuedAt, now),
  },
  {
    ...gauge,
    isRelative: true,
    name: 'satoken_time_to_expiry_seconds',
    help: 'Time until the nominal expiration; negative once past.',
    value: ({ schedule }, now) => between(now, schedule.nominalExpiration),
  },
  {
    ...gauge,
    isRelative: true,
    name: 'satoken_rotation_overdue_seconds',
    help: 'Time since the refresh was due; 0 while it is not.',
    value: ({ schedule: { refreshDue } }, now) => {
      return refreshDue === undefined ? undefined : Math.max(0, rounded(now - refreshDue));
    },
  },
  {
    ...gauge,
    name: 'satoken_audience_mismatch',
    help: 'Whether the token lacks the audience expected of it; absent where nothing is expected.',
    value: audienceMismatch,
  },
  {
    type: 'gauge',
    labels: [...TOKEN_LABELS, 'reason'],
    name: 'satoken_problem',
    help: 'A check that fails for the token, or that misses it, by reason; absent while none does.',
    series: ({ failures }, { identity }) =>
      failures.map(({ check }) => `${identity},${labelText({ reason: check.reason })}`),
    missing: ({ check }, identity) => `${identity},${labelText({ reason: check.reason })}`,
  },
  {
    type: 'gauge',
    labels: [...TOKEN_LABELS, ...INFO_LABELS],
    isStatic: true,
    name: 'satoken_info',
    help: 'What the token says of itself.',
    series: (_facts, { info }) => [info],
  },
];
