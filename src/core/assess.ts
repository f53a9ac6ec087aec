/**
 * Judges one token at one instant by all checks.
 *
 * Pure. What does not change while a token's content and the cluster's facts stay the same is worked out once.
 */
import { type AudiencePolicy, clusterExpectations, standingExpectations } from './audience.ts';
import { type Check, PASS, type Subject, type Verdict } from './checks/check.ts';
import { CHECKS, type Reason } from './checks/index.ts';
import { type ClusterFacts, NO_CLUSTER } from './cluster.ts';
import { scheduleOf, stateOf } from './rotation.ts';
import { isLeaving, surroundingsOf } from './surroundings.ts';
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
export interface Assessment extends Subject {
  /** The verdict of each check, in the order of the table. */
  readonly judgements: readonly Judgement[];
}

export type Assess = (token: Token, now: EpochSeconds, cluster?: ClusterFacts) => Assessment;

type Prepared = Omit<Subject, 'state'>;

/** Most verdicts are passes: one object for each check, made once. */
const PASSES: readonly Judgement[] = CHECKS.map((check) => ({ check, verdict: PASS }));

function judge(subject: Subject, now: EpochSeconds): readonly Judgement[] {
  // Nobody refreshes the tokens of a pod that is on its way out, and nobody will miss them.
  if (isLeaving(subject.surroundings.pod)) return PASSES;
  return PASSES.map((passed) => {
    const verdict = passed.check.judge(subject, now);
    return verdict.status === 'pass' ? passed : { check: passed.check, verdict };
  });
}

function prepare(token: Token, cluster: ClusterFacts, policy: Policy): Prepared {
  const surroundings = surroundingsOf(token, cluster);
  return {
    token,
    schedule: scheduleOf(token, policy.rotationGrace),
    surroundings,
    expectations: [
      ...standingExpectations(token, policy.audience),
      ...clusterExpectations(token, surroundings),
    ],
  };
}

/** Makes the function that judges tokens under one policy. */
export function createAssess(policy: Policy): Assess {
  let current: ClusterFacts | undefined;
  let prepared = new WeakMap<Token, Prepared>();
  return (token, now, cluster = NO_CLUSTER) => {
    if (current !== cluster) prepared = new WeakMap();
    current = cluster;
    const known = prepared.get(token) ?? prepare(token, cluster, policy);
    prepared.set(token, known);
    const subject = { ...known, state: stateOf(token.claims, known.schedule, now) };
    return { ...subject, judgements: judge(subject, now) };
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
