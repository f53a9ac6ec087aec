/**
 * What a check is: one way a token can fail its workload, judged from facts at an instant.
 *
 * Knows no check in particular; the table of them is in index.ts.
 */

import type { Expectation } from '../audience.ts';
import type { TokenContext } from '../context.ts';
import type { Schedule, TokenState } from '../rotation.ts';
import type { EpochSeconds, Token } from '../token.ts';

/** A fact that is missing makes a verdict `unknown`: never a failure, never silence. */
export type Verdict =
  | { readonly status: 'pass' }
  | { readonly status: 'fail'; readonly detail: string }
  | { readonly status: 'unknown'; readonly detail: string };

/** What a check looks at. */
export interface CheckInput {
  readonly token: Token;
  readonly schedule: Schedule;
  readonly state: TokenState;
  /** What is expected of the token's audience; empty where nothing is. */
  readonly expectations: readonly Expectation[];
  /** What the API server knows about it. */
  readonly context: TokenContext;
}

export interface Check {
  /** Value of the `reason` label. Public contract: retire it, never rename it. */
  readonly reason: string;
  /** One sentence: what is wrong when the check fails. */
  readonly summary: string;
  readonly severity: 'critical' | 'warning';
  /** Name of the page that explains it: that of the alert that tells of it. */
  readonly runbook: string;
  /** Time is epoch seconds. */
  readonly judge: (input: CheckInput, now: EpochSeconds) => Verdict;
  /** What to do about it, in order: sentences and commands for a person at a shell. */
  readonly fix: (token: Token) => readonly string[];
}

export const PASS: Verdict = { status: 'pass' };

export function fail(detail: string): Verdict {
  return { status: 'fail', detail };
}

export function unknown(detail: string): Verdict {
  return { status: 'unknown', detail };
}
