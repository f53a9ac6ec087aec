/**
 * The contract of a check: one way in which a token can fail its workload, judged from facts at one instant.
 */
import type { Expectation } from '../audiences/audience.ts';
import type { TokenContext } from '../context.ts';
import type { Origin } from '../origin.ts';
import type { PodStage } from '../pod-stage.ts';
import type { Severity, SeverityConditions } from '../problems/severity.ts';
import type { Habit } from '../reads/habits.ts';
import type { TokenReads } from '../reads/token-reads.ts';
import type { Schedule, TokenState } from '../rotation.ts';
import type { EpochSeconds, Token } from '../token/token.ts';

/** A missing fact makes the verdict `unknown`, never `fail`. */
export type Verdict =
  | { readonly status: 'pass' }
  | { readonly status: 'fail'; readonly detail: string; readonly severity: Severity }
  | { readonly status: 'unknown'; readonly detail: UnknownDetail };

/** A function if the text changes all the time: it is read rarely, and verdicts are kept while they are equal. */
export type UnknownDetail = string | ((input: CheckInput, now: EpochSeconds) => string);

export interface CheckInput {
  readonly token: Token;
  readonly schedule: Schedule;
  readonly state: TokenState;
  readonly stage: PodStage;
  /** Empty if no audience is expected. */
  readonly expectations: readonly Expectation[];
  readonly context: TokenContext;
  /** Undefined unless reads are watched. */
  readonly reads: TokenReads | 'unwatched' | undefined;
  /** How the token is read; undefined unless it is watched. */
  readonly habit: Habit | undefined;
}

export interface Check {
  /** Value of the `reason` label. Public contract: retire it, never rename it. */
  readonly reason: string;
  /** One sentence: what is wrong if the check fails. */
  readonly summary: string;
  readonly severities: SeverityConditions;
  /**
   * The origins that the check applies to. A token of another origin passes; one of unknown origin has no verdict,
   * unless the check needs no origin.
   */
  readonly appliesTo: readonly Origin[];
  /** Name of the runbook, which is also the name of the alert. */
  readonly runbook: string;
  /** Whether the check applies to a pod that is not active. The others pass. */
  readonly isForLeaving?: true;
  /** Whether the check applies to the copy of a container that mounts a token with `subPath`. The others pass. */
  readonly isForCopies?: true;
  /** Whether the check is about reads. Every token passes unless reads are watched. */
  readonly isForReads?: true;
  readonly judge: (input: CheckInput, now: EpochSeconds) => Verdict;
  /** How to fix it, in order: sentences and shell commands. `expectations` are those that the token was judged by. */
  readonly fix: (token: Token, expectations?: readonly Expectation[]) => readonly string[];
}

/** What `explain` and the page say of a failure of any check, of tokens or of pods. */
export interface Failing {
  readonly check: Pick<Check, 'reason' | 'summary' | 'runbook'>;
  readonly severity: Severity;
}

export const PASS: Verdict = { status: 'pass' };

/** `severity` is one of the check's severities, the one whose condition holds. */
export function fail(detail: string, severity: Severity): Verdict {
  return { status: 'fail', detail, severity };
}

export function unknown(detail: UnknownDetail): Verdict {
  return { status: 'unknown', detail };
}

/** Why there is no verdict on this token. */
export function unknownText(detail: UnknownDetail, input: CheckInput, now: EpochSeconds): string {
  return typeof detail === 'string' ? detail : detail(input, now);
}
