/**
 * All facts, judged at one instant and counted.
 *
 * Verdicts are computed at scrape time, so that a token counts as expired from the second it expires.
 */
import { sameItems, stable } from '../util/stable.ts';
import { type Assess, type Assessment, createAssess, type Policy } from './assessment.ts';
import { REASONS, type Reason } from './checks/index.ts';
import type { ClusterFacts, PodRef, TokenReviewMode } from './cluster-facts.ts';
import type { Facts } from './facts.ts';
import {
  filterPersistent,
  findMissing,
  type MissingToken,
  NO_TOKEN_REASONS,
  type NoTokenReason,
  tokenlessPods,
} from './missing-tokens.ts';
import type { Origin } from './origin.ts';
import { OVERDUE_CAUSES, type OverdueCause, overdueCauses } from './overdue-cause.ts';
import { type ReviewTargets, reviewTargetsOf } from './review-targets.ts';
import { TOKEN_STATES, type TokenState } from './rotation.ts';
import { type EpochSeconds, TOKEN_KINDS, type Token, type TokenKind } from './token.ts';

/** What the labels of tokens depend on that neither the clock nor the data from the API server changes often. */
export interface Provenance {
  readonly tokens: readonly Token[];
  /** In the order of the tokens. */
  readonly origins: readonly Origin[];
}

export interface Snapshot extends Facts {
  readonly now: EpochSeconds;
  readonly assessments: readonly Assessment[];
  readonly missingTokens: readonly MissingToken[];
  /** Why each overdue token is overdue. */
  readonly causes: ReadonlyMap<Token, OverdueCause>;
  /** The same object while the tokens and their origins are the same. */
  readonly provenance: Provenance;
  /** Counts have an entry for every key, 0 included. */
  readonly byKind: ReadonlyMap<TokenKind, number>;
  readonly byState: ReadonlyMap<TokenState, number>;
  readonly byCause: ReadonlyMap<OverdueCause, number>;
  /** Number of tokens that fail each check. */
  readonly problems: ReadonlyMap<Reason, number>;
  /** Number of tokens that each check cannot judge. */
  readonly unknowns: ReadonlyMap<Reason, number>;
  /** Number of pods without a token. Empty if the pods are not known. */
  readonly tokenless: ReadonlyMap<NoTokenReason, number>;
}

export type TakeSnapshot = (facts: Facts, now: EpochSeconds) => Snapshot;

function count<K>(keys: readonly K[], found: Iterable<K>): ReadonlyMap<K, number> {
  const counts = new Map(keys.map((key) => [key, 0]));
  for (const key of found) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

function failedReasons(assessments: readonly Assessment[]): readonly Reason[] {
  return assessments.flatMap(({ failures }) => failures.map(({ check }) => check.reason));
}

function unknownReasons(assessments: readonly Assessment[]): readonly Reason[] {
  const reasons: Reason[] = [];
  for (const { results } of assessments)
    for (const { check, verdict } of results) if (verdict.status === 'unknown') reasons.push(check.reason);
  return reasons;
}

function countPods(cluster: ClusterFacts): Snapshot['tokenless'] {
  if (cluster.pods === undefined) return new Map();
  return count(
    NO_TOKEN_REASONS,
    tokenlessPods(cluster).map(({ reason }) => reason),
  );
}

/** What is cached between snapshots. */
interface Caches {
  readonly assess: Assess;
  readonly stableProvenance: (next: Provenance) => Provenance;
}

function sameProvenance(a: Provenance, b: Provenance): boolean {
  return a.tokens === b.tokens && sameItems(a.origins, b.origins);
}

function snapshot(facts: Facts, now: EpochSeconds, { assess, stableProvenance }: Caches): Snapshot {
  const { observation, cluster, history } = facts;
  const assessments = observation.tokens.map((token) => assess(token, now, cluster, history));
  const missingTokens = filterPersistent(findMissing(observation, cluster), history.missingSince, now);
  const causes = overdueCauses(assessments, now);
  const missing = missingTokens.map(({ check }) => check.reason);
  return {
    ...facts,
    now,
    assessments,
    missingTokens,
    causes,
    provenance: stableProvenance({
      tokens: observation.tokens,
      origins: assessments.map(({ context }) => context.origin),
    }),
    byKind: count(
      TOKEN_KINDS,
      observation.tokens.map(({ claims }) => claims.kind),
    ),
    byState: count(
      TOKEN_STATES,
      assessments.map(({ state }) => state),
    ),
    byCause: count(OVERDUE_CAUSES, causes.values()),
    problems: count(REASONS, [...missing, ...failedReasons(assessments)]),
    unknowns: count(REASONS, unknownReasons(assessments)),
    tokenless: countPods(cluster),
  };
}

/** Returns a function that takes snapshots under one policy. */
export function createTakeSnapshot(policy: Policy): TakeSnapshot {
  const caches = { assess: createAssess(policy), stableProvenance: stable(sameProvenance) };
  return (facts, now) => snapshot(facts, now, caches);
}

/** What to look up in the API server: tokens by a TokenReview, pods by their events. */
export interface LookupTargets {
  readonly reviews: ReviewTargets;
  readonly pods: readonly PodRef[];
}

/** Tokens that the API server has to be asked about, and pods with overdue or missing tokens. */
export function lookupTargetsOf(
  { assessments, causes, missingTokens }: Snapshot,
  mode: TokenReviewMode = 'suspect',
): LookupTargets {
  const pods = new Map<string, PodRef>();
  for (const { identity } of [...causes.keys(), ...missingTokens])
    pods.set(identity.podUid, { uid: identity.podUid, namespace: identity.namespace });
  return {
    reviews: reviewTargetsOf(assessments, mode),
    pods: [...pods.values()],
  };
}
