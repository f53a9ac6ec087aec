/**
 * Judges one token at one instant by all checks.
 *
 * Pure. What does not change while a token's content and the cluster's facts stay the same is worked out once.
 */
import { type AudiencePolicy, clusterExpectations, policyExpectations } from './audience.ts';
import { type Check, type CheckInput, PASS, type Verdict } from './checks/check.ts';
import { CHECKS, type Reason } from './checks/index.ts';
import { type ClusterFacts, NO_CLUSTER } from './cluster-facts.ts';
import { contextOf, isInactive } from './context.ts';
import { scheduleOf, stateOf } from './rotation.ts';
import type { EpochSeconds, Token } from './token.ts';

/** What the person who runs the exporter asked for. */
export interface Policy {
  /** Seconds a refresh may be late. */
  readonly rotationGrace: number;
  readonly audience: AudiencePolicy;
}

export interface CheckResult {
  readonly check: Check & { readonly reason: Reason };
  readonly verdict: Verdict;
}

/** A check that fails, and how. */
export interface CheckFailure {
  readonly check: CheckResult['check'];
  readonly detail: string;
}

/** One token, judged. */
export interface Assessment extends CheckInput {
  /** The verdict of each check, in the order of the table. */
  readonly results: readonly CheckResult[];
  /** The checks that fail, most urgent first. */
  readonly failures: readonly CheckFailure[];
}

export type Assess = (token: Token, now: EpochSeconds, cluster?: ClusterFacts) => Assessment;

/** What is known of a token for as long as the facts stay the same, and what was last said of it. */
interface Prepared {
  readonly input: Omit<CheckInput, 'state'>;
  last: Assessment | undefined;
}

/** Most verdicts are passes: one object for each check, made once. */
const PASSES: readonly CheckResult[] = CHECKS.map((check) => ({ check, verdict: PASS }));

function sameVerdict(a: Verdict, b: Verdict): boolean {
  if (a.status === 'pass' || b.status === 'pass') return a.status === b.status;
  return a.status === b.status && a.detail === b.detail;
}

function failureOf({ check, verdict }: CheckResult): readonly CheckFailure[] {
  return verdict.status === 'fail' ? [{ check, detail: verdict.detail }] : [];
}

/** Judges by one check; answers what was answered before where nothing has changed. */
function judgeBy(
  passed: CheckResult,
  before: CheckResult | undefined,
  input: CheckInput,
  now: EpochSeconds,
): CheckResult {
  const verdict = passed.check.judge(input, now);
  if (verdict.status === 'pass') return passed;
  return before !== undefined && sameVerdict(before.verdict, verdict)
    ? before
    : { check: passed.check, verdict };
}

/** What was said at the last scrape is said again, so that a scrape leaves little to the garbage collector. */
function judge(input: CheckInput, now: EpochSeconds, before: Assessment | undefined): Assessment {
  // Nobody refreshes the tokens of a pod that is on its way out, and nobody will miss them.
  const results = isInactive(input.context.pod)
    ? PASSES
    : PASSES.map((passed, index) => judgeBy(passed, before?.results[index], input, now));
  const isSame =
    before?.state === input.state && before.results.every((one, index) => one === results[index]);
  return isSame ? before : { ...input, results, failures: results.flatMap(failureOf) };
}

function prepare(token: Token, cluster: ClusterFacts, policy: Policy): Prepared {
  const context = contextOf(token, cluster);
  const input = {
    token,
    schedule: scheduleOf(token, policy.rotationGrace),
    context,
    expectations: [...policyExpectations(token, policy.audience), ...clusterExpectations(token, context)],
  };
  return { input, last: undefined };
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
    const { input, last } = known;
    const assessment = judge({ ...input, state: stateOf(token.claims, input.schedule, now) }, now, last);
    known.last = assessment;
    return assessment;
  };
}

export function isFailing({ failures }: Assessment): boolean {
  return failures.length > 0;
}
