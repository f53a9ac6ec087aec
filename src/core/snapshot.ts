/**
 * All facts, judged at one instant and counted.
 *
 * Verdicts are computed at scrape time, so that a token counts as expired from the second it expires.
 */
import { sameItems, stable } from '../util/stable.ts';
import { type Assess, type Assessment, createAssess, type Policy, type Problem } from './assessment.ts';
import { type NodeStall, sameStall } from './causes/node-stall.ts';
import {
  type CauseFinding,
  OVERDUE_CAUSES,
  type OverdueCause,
  overdueCauses,
  stallOf,
} from './causes/overdue-cause.ts';
import { REASONS, type Reason } from './checks/index.ts';
import type { ClusterFacts } from './cluster-facts.ts';
import { createDropUnused } from './copies.ts';
import type { Facts } from './facts.ts';
import { createIdentify, type PodNames } from './identity.ts';
import { createNodeLimit } from './limits/node-limit.ts';
import {
  filterPersistent,
  findMissing,
  type MissingToken,
  NO_TOKEN_REASONS,
  type NoTokenReason,
  tokenlessPods,
  withMisplaced,
  withOversized,
  withoutOrphans,
} from './missing-tokens.ts';
import type { Observation } from './observation.ts';
import { ORIGINS, type Origin } from './origin.ts';
import { ACCOUNT_REASONS, isLateReason, LATE_REASONS, type LateReason } from './problems/late-reasons.ts';
import { SEVERITIES, type Severity, worstSeverity } from './problems/severity.ts';
import { HABITS, type Habit } from './reads/habits.ts';
import { habitsIn, readsOf } from './reads/watched-reads.ts';
import { TOKEN_STATES, type TokenState } from './rotation.ts';
import { type EpochSeconds, kindOf, TOKEN_KINDS, type Token, type TokenKind } from './token/token.ts';
import { createNodeCheck, type WrongNode } from './wrong-node.ts';

/** What the labels of tokens depend on that neither the clock nor the data from the API server changes often. */
export interface Provenance {
  readonly tokens: readonly Token[];
  /** In the order of the tokens. */
  readonly origins: readonly Origin[];
}

export interface Snapshot extends Facts {
  readonly now: EpochSeconds;
  /** Set if the API server lists the pods of another node, which are left out of `cluster`. */
  readonly wrongNode: WrongNode | undefined;
  /** Names of the pods on the node, as far as they are known. */
  readonly podNames: PodNames;
  /** Of the tokens that have series of their own. The counts include those that the limit of the node leaves none. */
  readonly assessments: readonly Assessment[];
  /** Number of tokens that the limit of the node leaves no series. */
  readonly withoutSeries: number;
  readonly missingTokens: readonly MissingToken[];
  /** Those, and the ones that went missing a moment ago: their pods may have ended. */
  readonly missingNow: readonly MissingToken[];
  /** Why each overdue token is overdue. */
  readonly causes: ReadonlyMap<Token, CauseFinding>;
  /** Undefined if the node rotates its tokens. */
  readonly stall: NodeStall | undefined;
  /** The same object while the tokens and their origins are the same. */
  readonly provenance: Provenance;
  /** Counts have an entry for every key, 0 included. */
  readonly byKind: ReadonlyMap<TokenKind, number>;
  readonly byOrigin: ReadonlyMap<TokenKind, ReadonlyMap<Origin, number>>;
  readonly byState: ReadonlyMap<TokenState, number>;
  readonly byCause: ReadonlyMap<OverdueCause, number>;
  /** Number of tokens that fail each check, or are missing. */
  readonly problems: ReadonlyMap<Reason, number>;
  readonly bySeverity: ReadonlyMap<Reason, ReadonlyMap<Severity, number>>;
  /** Of the tokens that are late because their service account is missing or was recreated: the counts of late ones. */
  readonly accountProblems: ReadonlyMap<LateReason, ReadonlyMap<Severity, number>>;
  /** Number of tokens that fail any check, or are missing, by their worst severity. */
  readonly failing: ReadonlyMap<Severity, number>;
  /** Number of tokens that each check cannot judge. */
  readonly unknowns: ReadonlyMap<Reason, number>;
  /** Number of watched tokens by how they are read; undefined unless reads are watched. */
  readonly byHabit: ReadonlyMap<Habit, number> | undefined;
  /** Number of pods without a token. Empty if the pods are not known. */
  readonly tokenless: ReadonlyMap<NoTokenReason, number>;
}

export type TakeSnapshot = (facts: Facts, now: EpochSeconds) => Snapshot;

function count<K>(keys: readonly K[], found: Iterable<K>): ReadonlyMap<K, number> {
  const counts = new Map(keys.map((key) => [key, 0]));
  for (const key of found) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

/** Counts by two keys. `add` is called for each item. */
function countPairs<K, L>(keys: readonly K[], others: readonly L[]) {
  const counts = new Map(keys.map((key) => [key, new Map(others.map((other) => [other, 0]))]));
  const add = (key: K, other: L): void => {
    const row = counts.get(key);
    row?.set(other, (row.get(other) ?? 0) + 1);
  };
  return { counts, add };
}

function countOrigins(assessments: readonly Assessment[]): Snapshot['byOrigin'] {
  const { counts, add } = countPairs(TOKEN_KINDS, ORIGINS);
  for (const { token, context } of assessments) add(kindOf(token), context.origin);
  return counts;
}

type ProblemCounts = Pick<Snapshot, 'problems' | 'bySeverity' | 'failing'>;

function countProblems(
  assessments: readonly Assessment[],
  missingTokens: readonly MissingToken[],
): ProblemCounts {
  const { counts, add } = countPairs(REASONS, SEVERITIES);
  const failing = new Map<Severity, number>(SEVERITIES.map((severity) => [severity, 0]));
  const addToken = (problems: readonly Problem[]): void => {
    const worst = worstSeverity(problems.map(({ severity }) => severity));
    if (worst !== undefined) failing.set(worst, (failing.get(worst) ?? 0) + 1);
    for (const { check, severity } of problems) add(check.reason, severity);
  };
  for (const { failures } of assessments) if (failures.length > 0) addToken(failures);
  for (const missing of missingTokens) addToken([missing]);
  const sum = (row: ReadonlyMap<Severity, number>): number => row.values().reduce((a, b) => a + b, 0);
  const problems = new Map(Array.from(counts, ([reason, row]) => [reason, sum(row)]));
  return { problems, bySeverity: counts, failing };
}

function countAccountProblems(assessments: readonly Assessment[]): Snapshot['accountProblems'] {
  const { counts, add } = countPairs(LATE_REASONS, SEVERITIES);
  for (const { failures } of assessments) {
    if (!failures.some(({ check }) => ACCOUNT_REASONS.includes(check.reason))) continue;
    for (const { check, severity } of failures) if (isLateReason(check.reason)) add(check.reason, severity);
  }
  return counts;
}

function countUnknowns(assessments: readonly Assessment[]): Snapshot['unknowns'] {
  return count(
    REASONS,
    assessments.flatMap(({ unknowns }) => unknowns),
  );
}

function countPods(cluster: ClusterFacts, observation: Observation): Snapshot['tokenless'] {
  if (cluster.pods === undefined) return new Map();
  return count(
    NO_TOKEN_REASONS,
    tokenlessPods(cluster, observation).map(({ reason }) => reason),
  );
}

/** Whether the node has stalled decides which pods are leaving, which the verdicts depend on. */
function assessAll({ observation, cluster, history, reads }: Facts, now: EpochSeconds, assess: Assess) {
  const assessWith = (stall: NodeStall | undefined) =>
    observation.tokens.map((token) => assess(token, now, cluster, history, stall, readsOf(token, reads)));
  const assessments = assessWith(history.stall);
  const stall = stallOf(assessments, now, { outage: cluster.outage, stall: history.stall });
  return { stall, assessments: sameStall(stall, history.stall) ? assessments : assessWith(stall) };
}

/** What is cached between snapshots. */
interface Caches {
  readonly assess: Assess;
  readonly identify: ReturnType<typeof createIdentify>;
  readonly limit: ReturnType<typeof createNodeLimit>;
  readonly dropUnused: ReturnType<typeof createDropUnused>;
  readonly stableProvenance: (next: Provenance) => Provenance;
}

function sameProvenance(a: Provenance, b: Provenance): boolean {
  return a.tokens === b.tokens && sameItems(a.origins, b.origins);
}

function snapshot(
  facts: Facts & Pick<Snapshot, 'wrongNode'>,
  now: EpochSeconds,
  { assess, identify, dropUnused, limit, stableProvenance }: Caches,
): Snapshot {
  const { cluster, history } = facts;
  const { observation: identified, podNames } = identify(facts);
  // With the files that the limit leaves no series: they are on the node.
  const found = withMisplaced(dropUnused(identified, cluster), cluster);
  const limited = limit(found, cluster);
  const { observation } = limited;
  const { assessments, stall } = assessAll({ ...facts, observation }, now, assess);
  const shown = assessments.slice(0, limited.shown);
  // Pods that may have ended since prove nothing.
  const podsKnownAt = Math.min(cluster.podsLostAt ?? now, now);
  const missingNow = findMissing(found, cluster);
  const missingTokens = filterPersistent(missingNow, history.missingSince, podsKnownAt);
  const causes = overdueCauses(assessments, now, { outage: cluster.outage, stall });
  return {
    ...facts,
    observation: withOversized(withoutOrphans(observation, cluster), cluster),
    podNames,
    now,
    assessments: shown,
    withoutSeries: limited.withoutSeries,
    missingTokens,
    missingNow,
    causes,
    stall,
    provenance: stableProvenance({
      tokens: observation.tokens,
      origins: shown.map(({ context }) => context.origin),
    }),
    byKind: count(TOKEN_KINDS, observation.tokens.map(kindOf)),
    byState: count(
      TOKEN_STATES,
      assessments.map(({ state }) => state),
    ),
    byCause: count(
      OVERDUE_CAUSES,
      Array.from(causes.values(), ({ cause }) => cause),
    ),
    byOrigin: countOrigins(assessments),
    ...countProblems(assessments, missingTokens),
    accountProblems: countAccountProblems(assessments),
    unknowns: countUnknowns(assessments),
    byHabit: facts.reads && count(HABITS, habitsIn(assessments)),
    tokenless: countPods(cluster, found),
  };
}

/** Returns a function that takes snapshots under one policy. */
export function createTakeSnapshot(policy: Policy): TakeSnapshot {
  const caches = {
    assess: createAssess(policy),
    identify: createIdentify(),
    limit: createNodeLimit(),
    dropUnused: createDropUnused(),
    stableProvenance: stable(sameProvenance),
  };
  const checkNode = createNodeCheck();
  return (facts, now) => snapshot({ ...facts, ...checkNode(facts.observation, facts.cluster) }, now, caches);
}
