/**
 * The facts of an observation, judged at an instant and counted.
 *
 * Pure. Verdicts are made when asked for, so "expired" turns true at the second it is true.
 */
import { type Assess, type Assessment, createAssess, type Policy } from './assess.ts';
import { REASONS, type Reason } from './checks/index.ts';
import type { Observation } from './observation.ts';
import { TOKEN_STATES, type TokenState } from './rotation.ts';
import { type EpochSeconds, TOKEN_KINDS, type TokenKind } from './token.ts';

export interface Snapshot {
  readonly now: EpochSeconds;
  readonly observation: Observation;
  readonly assessments: readonly Assessment[];
  /** Every value is always there, at 0 if need be. */
  readonly byKind: ReadonlyMap<TokenKind, number>;
  readonly byState: ReadonlyMap<TokenState, number>;
  /** Tokens that fail a check, and tokens it cannot judge. */
  readonly problems: ReadonlyMap<Reason, number>;
  readonly unknowns: ReadonlyMap<Reason, number>;
}

export type TakeSnapshot = (observation: Observation, now: EpochSeconds) => Snapshot;

function zeros<K>(keys: readonly K[]): Map<K, number> {
  return new Map(keys.map((key) => [key, 0]));
}

function countIn<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function countVerdicts(assessments: readonly Assessment[]): Pick<Snapshot, 'problems' | 'unknowns'> {
  const counts = { problems: zeros(REASONS), unknowns: zeros(REASONS) };
  for (const { judgements } of assessments) {
    for (const { check, verdict } of judgements) {
      if (verdict.status === 'fail') countIn(counts.problems, check.reason);
      if (verdict.status === 'unknown') countIn(counts.unknowns, check.reason);
    }
  }
  return counts;
}

function snapshot(observation: Observation, now: EpochSeconds, assess: Assess): Snapshot {
  const assessments = observation.tokens.map((token) => assess(token, now));
  const byKind = zeros(TOKEN_KINDS);
  const byState = zeros(TOKEN_STATES);
  for (const { token, state } of assessments) {
    countIn(byKind, token.claims.kind);
    countIn(byState, state);
  }
  return { now, observation, assessments, byKind, byState, ...countVerdicts(assessments) };
}

/** Makes the function that takes snapshots under one policy. */
export function createTakeSnapshot(policy: Policy): TakeSnapshot {
  const assess = createAssess(policy);
  return (observation, now) => snapshot(observation, now, assess);
}
