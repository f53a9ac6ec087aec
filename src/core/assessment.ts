/**
 * Judges one token at one instant by every check.
 *
 * Runs for every token at every scrape. Facts that depend only on the token and the cluster are computed once, and the
 * previous result objects are returned while they are equal, so that a scrape leaves little garbage.
 */
import { sameItems } from '../util/stable.ts';
import { type AudiencePolicy, clusterExpectations, policyExpectations } from './audiences/audience.ts';
import { isStalled, type NodeStall } from './causes/node-stall.ts';
import { type Check, type CheckInput, PASS, unknown, type Verdict } from './checks/check.ts';
import { CHECKS, type Reason } from './checks/index.ts';
import { type ClusterFacts, NO_CLUSTER } from './cluster-facts.ts';
import { contextOf } from './context.ts';
import { isContainerKnown } from './copies.ts';
import { NOTHING_REMEMBERED, type OriginMemory, sameMemory } from './origin.ts';
import { stageOf } from './pod-stage.ts';
import type { Severity } from './problems/severity.ts';
import { habitOf } from './reads/habits.ts';
import { type GracePolicy, scheduleOf, stateOf } from './rotation.ts';
import type { EpochSeconds, Token } from './token/token.ts';

/** The options that verdicts depend on. */
export interface Policy extends GracePolicy {
  readonly audience: AudiencePolicy;
}

export interface CheckResult {
  readonly check: Check & { readonly reason: Reason };
  readonly verdict: Verdict;
}

/** A failed check, or a missing token. */
export interface Problem {
  readonly check: { readonly reason: Reason };
  readonly severity: Severity;
}

export interface CheckFailure extends Problem {
  readonly check: CheckResult['check'];
  readonly detail: string;
  readonly severity: Severity;
}

/** One token and the result of every check. */
export interface Assessment extends CheckInput {
  /** In the order of the table of checks. */
  readonly results: readonly CheckResult[];
  /** The failed checks, most urgent first. */
  readonly failures: readonly CheckFailure[];
}

export type Assess = (
  token: Token,
  now: EpochSeconds,
  cluster?: ClusterFacts,
  memory?: OriginMemory,
  stall?: NodeStall,
  reads?: CheckInput['reads'],
) => Assessment;

interface CacheEntry {
  readonly facts: Omit<CheckInput, 'state' | 'stage' | 'reads' | 'habit'>;
  last: Assessment | undefined;
}

/** Most results are passes: all tokens share one object per check. */
const PASSES: readonly CheckResult[] = CHECKS.map((check) => ({ check, verdict: PASS }));

function isSameVerdict(a: Verdict, b: Verdict): boolean {
  if (a.status === 'pass' || b.status === 'pass') return a.status === b.status;
  if (a.status !== b.status || a.detail !== b.detail) return false;
  return a.status !== 'fail' || b.status !== 'fail' || a.severity === b.severity;
}

function failureOf({ check, verdict }: CheckResult): readonly CheckFailure[] {
  if (verdict.status !== 'fail') return [];
  const { detail, severity } = verdict;
  return [{ check, detail, severity }];
}

const UNKNOWN_ORIGIN = unknown('the origin of the token is not known');

/** A check says nothing about a token of an origin that it does not apply to. */
function judgeOrigin({ appliesTo, judge }: Check, input: CheckInput, now: EpochSeconds): Verdict {
  const { origin } = input.context;
  if (appliesTo.includes(origin)) return judge(input, now);
  return origin === 'unknown' ? UNKNOWN_ORIGIN : PASS;
}

const UNKNOWN_CONTAINER = unknown('whether the container runs that has this copy is not known');

function isCopyKnown({ token: { copy }, context: { pod } }: CheckInput): boolean {
  return pod === 'absent' || (pod !== undefined && isContainerKnown(pod, copy?.container ?? ''));
}

/** A copy matters only if its container runs. */
function judgeCopy(check: Check, input: CheckInput, now: EpochSeconds): Verdict {
  const verdict = check.isForCopies ? judgeOrigin(check, input, now) : PASS;
  return verdict.status === 'fail' && !isCopyKnown(input) ? UNKNOWN_CONTAINER : verdict;
}

function judge(check: Check, input: CheckInput, now: EpochSeconds): Verdict {
  if (input.stage !== 'active' && !check.isForLeaving) return PASS;
  if (input.reads === undefined && check.isForReads) return PASS;
  return (input.token.copy === undefined ? judgeOrigin : judgeCopy)(check, input, now);
}

function runCheck(
  pass: CheckResult,
  last: CheckResult | undefined,
  input: CheckInput,
  now: EpochSeconds,
): CheckResult {
  const verdict = judge(pass.check, input, now);
  if (verdict.status === 'pass') return pass;
  return last !== undefined && isSameVerdict(last.verdict, verdict) ? last : { check: pass.check, verdict };
}

/** What may change from one instant to the next. */
type Momentary = Pick<CheckInput, 'state' | 'stage' | 'reads' | 'habit'>;

function isSameInput(a: Momentary, b: Momentary): boolean {
  return a.state === b.state && a.stage === b.stage && a.reads === b.reads && a.habit === b.habit;
}

/** `input` is `last` itself if nothing has changed but the time. */
function assess(input: CheckInput, now: EpochSeconds, last: Assessment | undefined): Assessment {
  const results = PASSES.map((pass, index) => runCheck(pass, last?.results[index], input, now));
  if (last === undefined || !sameItems(last.results, results))
    return { ...input, results, failures: results.flatMap(failureOf) };
  return input === last ? last : { ...input, results: last.results, failures: last.failures };
}

function factsOf(
  token: Token,
  cluster: ClusterFacts,
  memory: OriginMemory,
  policy: Policy,
): CacheEntry['facts'] {
  const context = contextOf(token, cluster, memory);
  return {
    token,
    schedule: scheduleOf(token, policy, context.origin),
    context,
    expectations: [
      ...policyExpectations(token, context, policy.audience),
      ...clusterExpectations(token, context),
    ],
  };
}

/** Returns a function that judges tokens under one policy. Its cache holds until other facts are replaced. */
export function createAssess(policy: Policy): Assess {
  let cachedFor: { readonly cluster: ClusterFacts; readonly memory: OriginMemory } | undefined;
  let cache = new WeakMap<Token, CacheEntry>();
  return (token, now, cluster = NO_CLUSTER, memory = NOTHING_REMEMBERED, stall, reads) => {
    if (cachedFor?.cluster !== cluster || !sameMemory(cachedFor.memory, memory)) {
      cache = new WeakMap();
      cachedFor = { cluster, memory };
    }
    const entry = cache.get(token) ?? { facts: factsOf(token, cluster, memory, policy), last: undefined };
    cache.set(token, entry);
    const { facts, last } = entry;
    const state = stateOf(token.claims, facts.schedule, now);
    const stage = stageOf(facts.context.pod, now, isStalled(token, stall));
    const habit = typeof reads === 'object' ? habitOf(reads, token, facts.context, now) : undefined;
    const momentary = { state, stage, reads, habit };
    const isSame = last !== undefined && isSameInput(last, momentary);
    entry.last = assess(isSame ? last : { ...facts, ...momentary }, now, last);
    return entry.last;
  };
}

export function isFailing({ failures }: Assessment): boolean {
  return failures.length > 0;
}

/** The verdict of the check with this reason; undefined if no check of tokens has it. */
export function verdictFor({ results }: Assessment, reason: Reason): Verdict | undefined {
  for (const { check, verdict } of results) if (check.reason === reason) return verdict;
  return undefined;
}
