/**
 * The table of metrics that have series for each token.
 *
 * Knows where a value comes from, nothing of which tokens are shown or how a series is printed.
 */

import { type Assessment, verdictFor } from '../core/assessment.ts';
import type { MissingToken } from '../core/missing-tokens.ts';
import type { EpochSeconds } from '../core/token.ts';
import { labelText } from './labels.ts';
import type { Metric } from './metric.ts';
import { INFO_LABELS, TOKEN_LABELS, type TokenText } from './token-labels.ts';

interface Row extends Metric {
  /** Moves by itself and can be had from a timestamp instead. */
  readonly isRelative?: true;
  /** The same at every scrape, for as long as the tokens are the same. */
  readonly isFixed?: true;
}

/** One series a token; none where the token has no such value. */
export interface ValueMetric extends Row {
  readonly value: (assessment: Assessment, now: EpochSeconds) => number | undefined;
}

/** Series that are there at 1, or not there: answers the label text of those that are. */
export interface MarkMetric extends Row {
  readonly marks: (assessment: Assessment, text: TokenText) => readonly string[];
  /** The label text of a token that is missing; `identity` is what names it. */
  readonly missing?: (token: MissingToken, identity: string) => string;
}

export type TokenMetric = ValueMetric | MarkMetric;

/** To the millisecond: more digits are noise, and bytes in every scrape. */
function rounded(seconds: number): number {
  return Math.round(seconds * 1_000) / 1_000;
}

/** From one instant to another, where both are known. */
function between(from: EpochSeconds | undefined, to: EpochSeconds | undefined): number | undefined {
  return from === undefined || to === undefined ? undefined : rounded(to - from);
}

function audienceMismatch(assessment: Assessment): number | undefined {
  const status = verdictFor(assessment, 'audience_mismatch')?.status;
  return status === 'unknown' || status === undefined ? undefined : Number(status === 'fail');
}

const gauge = { type: 'gauge', labels: TOKEN_LABELS } as const;

export const TOKEN_METRICS: readonly TokenMetric[] = [
  {
    ...gauge,
    isFixed: true,
    name: 'satoken_issued_timestamp_seconds',
    help: 'When the token was issued.',
    value: ({ token }) => token.claims.issuedAt,
  },
  {
    ...gauge,
    isFixed: true,
    name: 'satoken_expiration_timestamp_seconds',
    help: 'When the token expires: from then on the API server refuses it.',
    value: ({ token }) => token.claims.expiresAt,
  },
  {
    ...gauge,
    isFixed: true,
    name: 'satoken_nominal_expiration_timestamp_seconds',
    help: 'When the lifetime ends that was asked for; before the expiration where the API server extended it.',
    value: ({ schedule }) => schedule.nominalExpiration,
  },
  {
    ...gauge,
    isFixed: true,
    name: 'satoken_refresh_due_timestamp_seconds',
    help: 'When the kubelet should replace the token.',
    value: ({ schedule }) => schedule.refreshDue,
  },
  {
    ...gauge,
    isFixed: true,
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
    marks: ({ failures }, { identity }) =>
      failures.map(({ check }) => `${identity},${labelText({ reason: check.reason })}`),
    missing: ({ check }, identity) => `${identity},${labelText({ reason: check.reason })}`,
  },
  {
    type: 'gauge',
    labels: [...TOKEN_LABELS, ...INFO_LABELS],
    isFixed: true,
    name: 'satoken_info',
    help: 'What the token says of itself.',
    marks: (_assessment, { info }) => [info],
  },
];
