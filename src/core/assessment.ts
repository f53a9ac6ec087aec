/**
 * Judges one token at one instant by every check.
 *
 * Runs for every token at every scrape. Facts that depend only on the token and the cluster are computed once, and the
 * previous result objects are returned while they are equal, so that a scrape leaves little garbage.
 */
import { type AudiencePolicy, clusterExpectations, policyExpectations } from './audiences/audience.ts';
import { isStalled, type NodeStall } from './causes/node-stall.ts';
import { type Check, type CheckInput, PASS, unknown, type Verdict } from './checks/check.ts';
import { CHECKS, type Reason } from './checks/index.ts';
import { type ClusterFacts, NO_CLUSTER } from './cluster-facts.ts';
import { contextOf } from './context.ts';
import { isContainerKnown } from './copies.ts';
import { NOTHING_REMEMBERED, ORIGINS, type Origin, type OriginMemory, sameMemory } from './origin.ts';
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
  /** Of the checks that cannot judge the token. */
  readonly unknowns: readonly Reason[];
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

/** A check that some tokens do not pass, of those with the same origin. */
interface RelevantCheck {
  /** In the table of checks, and in the results. */
  readonly index: number;
  /** Most results are passes: all tokens share one object per check. */
  readonly pass: CheckResult;
  readonly judge: Check['judge'];
}

const PASSES: readonly CheckResult[] = CHECKS.map((check) => ({ check, verdict: PASS }));
const UNKNOWN_ORIGIN = unknown('the origin of the token is not known');
const UNKNOWN_CONTAINER = unknown('whether the container runs that has this copy is not known');

/** A check says nothing about a token of an origin that it does not apply to. */
function relevantChecks(origin: Origin): readonly RelevantCheck[] {
  return PASSES.flatMap((pass, index) => {
    const { appliesTo, judge } = pass.check;
    if (appliesTo.includes(origin)) return [{ index, pass, judge }];
    return origin === 'unknown' ? [{ index, pass, judge: () => UNKNOWN_ORIGIN }] : [];
  });
}

const RELEVANT = new Map(ORIGINS.map((origin) => [origin, relevantChecks(origin)]));

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

/** A copy matters only if its container runs. */
function isOfUnknownContainer({ token: { copy }, context: { pod } }: CheckInput): boolean {
  if (copy === undefined || pod === 'absent') return false;
  return pod === undefined || !isContainerKnown(pod, copy.container);
}

function verdictOf({ pass: { check }, judge }: RelevantCheck, input: CheckInput, now: EpochSeconds): Verdict {
  if (input.stage !== 'active' && !check.isForLeaving) return PASS;
  if (input.reads === undefined && check.isForReads) return PASS;
  if (input.token.copy !== undefined && !check.isForCopies) return PASS;
  const verdict = judge(input, now);
  return verdict.status === 'fail' && isOfUnknownContainer(input) ? UNKNOWN_CONTAINER : verdict;
}

function runCheck(
  relevant: RelevantCheck,
  last: CheckResult,
  input: CheckInput,
  now: EpochSeconds,
): CheckResult {
  const verdict = verdictOf(relevant, input, now);
  if (verdict.status === 'pass') return relevant.pass;
  return isSameVerdict(last.verdict, verdict) ? last : { check: relevant.pass.check, verdict };
}

/** Returns `last` itself if every result is the same. */
function runChecks(
  last: readonly CheckResult[],
  input: CheckInput,
  now: EpochSeconds,
): readonly CheckResult[] {
  let results: CheckResult[] | undefined;
  for (const relevant of RELEVANT.get(input.context.origin) ?? []) {
    const { index, pass } = relevant;
    const before = last[index] ?? pass;
    const result = runCheck(relevant, before, input, now);
    if (result === before) continue;
    results ??= [...last];
    results[index] = result;
  }
  return results ?? last;
}

function unknownOf({ check, verdict }: CheckResult): readonly Reason[] {
  return verdict.status === 'unknown' ? [check.reason] : [];
}

/** What may change from one instant to the next. */
type Momentary = Pick<CheckInput, 'state' | 'stage' | 'reads' | 'habit'>;

function isSameInput(a: Momentary, b: Momentary): boolean {
  return a.state === b.state && a.stage === b.stage && a.reads === b.reads && a.habit === b.habit;
}

/** `input` is `last` itself if nothing has changed but the time. */
function assess(input: CheckInput, now: EpochSeconds, last: Assessment | undefined): Assessment {
  const results = runChecks(last?.results ?? PASSES, input, now);
  if (results !== last?.results)
    return { ...input, results, failures: results.flatMap(failureOf), unknowns: results.flatMap(unknownOf) };
  return input === last ? last : { ...input, results, failures: last.failures, unknowns: last.unknowns };
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
