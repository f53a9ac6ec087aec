/**
 * Judges one token at one instant by all checks.
 *
 * Pure. What does not change while a token's content stays the same is worked out once per token.
 */
import { type AudiencePolicy, type Expectation, expectationsFor } from './audience.ts';
import type { Check, Verdict } from './checks/check.ts';
import { CHECKS, type Reason } from './checks/index.ts';
import { type Schedule, scheduleOf, stateOf, type TokenState } from './rotation.ts';
import type { EpochSeconds, Token } from './token.ts';

/** What the person who runs the exporter asked for. */
export interface Policy {
  /** Seconds a refresh may be late. */
  readonly rotationGrace: number;
  readonly audience: AudiencePolicy;
}

export interface Judgement {
  readonly check: Check & { readonly reason: Reason };
  readonly verdict: Verdict;
}

/** A check that fails, and how. */
export interface Failing {
  readonly check: Judgement['check'];
  readonly detail: string;
}

/** One token, judged. */
export interface Assessment {
  readonly token: Token;
  readonly schedule: Schedule;
  readonly state: TokenState;
  readonly expectations: readonly Expectation[];
  /** The verdict of each check, in the order of the table. */
  readonly judgements: readonly Judgement[];
}

export type Assess = (token: Token, now: EpochSeconds) => Assessment;

interface Prepared {
  readonly schedule: Schedule;
  readonly expectations: readonly Expectation[];
}

/** Makes the function that judges tokens under one policy. */
export function createAssess(policy: Policy): Assess {
  const prepared = new WeakMap<Token, Prepared>();
  const prepare = (token: Token): Prepared => {
    const known = prepared.get(token);
    if (known !== undefined) return known;
    const made = {
      schedule: scheduleOf(token, policy.rotationGrace),
      expectations: expectationsFor(token, policy.audience),
    };
    prepared.set(token, made);
    return made;
  };
  return (token, now) => {
    const { schedule, expectations } = prepare(token);
    const subject = { token, schedule, expectations, state: stateOf(token.claims, schedule, now) };
    return { ...subject, judgements: CHECKS.map((check) => ({ check, verdict: check.judge(subject, now) })) };
  };
}

/** The checks that fail, most urgent first. */
export function failuresOf({ judgements }: Assessment): readonly Failing[] {
  return judgements.flatMap(({ check, verdict }) =>
    verdict.status === 'fail' ? [{ check, detail: verdict.detail }] : [],
  );
}

export function isFailing({ judgements }: Assessment): boolean {
  return judgements.some(({ verdict }) => verdict.status === 'fail');
}
