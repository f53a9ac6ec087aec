/**
 * The table of all checks: a new failure mode is one file beside this one and one row here.
 *
 * Order is urgency: what is listed first is told first.
 */
import { audienceMismatch } from './audience-mismatch.ts';
import type { Check } from './check.ts';
import { expired } from './expired.ts';
import { legacyToken } from './legacy-token.ts';
import { notYetValid } from './not-yet-valid.ts';
import { podMismatch } from './pod-mismatch.ts';
import { rotationOverdue } from './rotation-overdue.ts';
import { stale } from './stale.ts';

export const CHECKS = [
  expired,
  notYetValid,
  audienceMismatch,
  podMismatch,
  stale,
  rotationOverdue,
  legacyToken,
] as const satisfies readonly Check[];

/** Closed set of reasons: label values, public contract. */
export type Reason = (typeof CHECKS)[number]['reason'];

export const REASONS: readonly Reason[] = CHECKS.map(({ reason }) => reason);
