/**
 * What the core remembers from earlier snapshots. Replaced, never edited; each part is the same object while equal.
 *
 * Bounded by what is on the node: an entry lives as long as its token, or the folder of its pod.
 */
import { sameEntries } from '../util/stable.ts';
import type { Assessment, CheckResult } from './assessment.ts';
import type { Reason } from './checks/index.ts';
import type { ClusterFacts } from './cluster-facts.ts';
import { findMissing, type MissingSince, trackMissing } from './missing-tokens.ts';
import type { Observation } from './observation.ts';
import {
  NOTHING_REMEMBERED,
  type OriginMemory,
  placeOf,
  type StickyOrigin,
  sameStickyOrigin,
  stickyOriginOf,
} from './origin.ts';
import { CANARY_VOLUME, type SelfFacts } from './self-check.ts';
import type { EpochSeconds, Token, TokenClaims, TokenIdentity } from './token.ts';

export interface History extends OriginMemory {
  /** When each missing token was first found missing. */
  readonly missingSince: MissingSince;
  /** When each problem of a token was first seen, by `problemKey`. */
  readonly problemStarts: ReadonlyMap<string, EpochSeconds>;
}

/** For a process that takes one snapshot, which cannot tell a token that is missing from one that is late. */
export const NO_HISTORY: History = {
  ...NOTHING_REMEMBERED,
  missingSince: undefined,
  problemStarts: new Map(),
};

/** For a process that has just started and takes snapshots continuously. */
export const NEW_HISTORY: History = { ...NO_HISTORY, missingSince: new Map() };

/** The parts of a snapshot that the history is advanced by. */
export interface Remembered {
  readonly now: EpochSeconds;
  readonly observation: Observation;
  readonly cluster: ClusterFacts;
  readonly self: SelfFacts | undefined;
  readonly assessments: readonly Assessment[];
}

/** More issuers and keys than a cluster changes within the life of a token. */
const MAX_SEEN = 16;

export function problemKey(identity: TokenIdentity, reason: Reason): string {
  return `${placeOf(identity)}\0${reason}`;
}

function kept<K, V>(previous: ReadonlyMap<K, V>, next: ReadonlyMap<K, V>): ReadonlyMap<K, V> {
  return sameEntries(previous, next) ? previous : next;
}

/** The last ones seen. */
function addSeen(
  previous: ReadonlySet<string>,
  values: readonly (string | undefined)[],
): ReadonlySet<string> {
  const found = values.filter((value) => value !== undefined);
  if (found.every((value) => previous.has(value))) return previous;
  return new Set([...previous, ...found].slice(-MAX_SEEN));
}

/** Claims of the tokens that the exporter itself was given. */
function ownClaims({ observation, self }: Remembered): readonly TokenClaims[] {
  if (self === undefined) return [];
  const canaries = observation.tokens.filter(
    ({ identity }) => identity.podUid === self.podUid && identity.volume === CANARY_VOLUME,
  );
  return [
    ...(self.mountedToken === undefined ? [] : [self.mountedToken]),
    ...canaries.map(({ claims }) => claims),
  ];
}

/** Keeps what is remembered of a token whose file cannot be read now. */
function unreadableOrigins({ observation }: Remembered, previous: History): OriginMemory['origins'] {
  if (observation.unreadable.length === 0) return new Map();
  const pods = new Set(observation.unreadable.map(({ podUid }) => podUid));
  return new Map([...previous.origins].filter(([place]) => pods.has(place.slice(0, place.indexOf('\0')))));
}

function advanceOrigins(snapshot: Remembered, previous: History): OriginMemory['origins'] {
  const origins = new Map<string, StickyOrigin>(unreadableOrigins(snapshot, previous));
  for (const { token, context } of snapshot.assessments) {
    const place = placeOf(token.identity);
    const before = previous.origins.get(place);
    const found = stickyOriginOf(token, context.origin);
    if (found !== undefined) origins.set(place, before && sameStickyOrigin(before, found) ? before : found);
    else if (before !== undefined && context.origin === 'unknown') origins.set(place, before);
  }
  return kept(previous.origins, origins);
}

/** A check without a verdict neither starts a problem nor ends it. */
function advanceProblemStarts({ now, assessments }: Remembered, previous: History): History['problemStarts'] {
  const starts = new Map<string, EpochSeconds>();
  const add = ({ identity }: Token, { check, verdict }: CheckResult): void => {
    if (verdict.status === 'pass') return;
    const key = problemKey(identity, check.reason);
    const start = previous.problemStarts.get(key) ?? (verdict.status === 'fail' ? now : undefined);
    if (start !== undefined) starts.set(key, start);
  };
  for (const { token, results } of assessments) for (const result of results) add(token, result);
  return kept(previous.problemStarts, starts);
}

/** Returns the history that the next snapshot is taken with: the previous one if nothing has changed. */
export function advanceHistory(snapshot: Remembered, previous: History): History {
  const { observation, cluster, now } = snapshot;
  const own = ownClaims(snapshot);
  const next: History = {
    origins: advanceOrigins(snapshot, previous),
    issuers: addSeen(
      previous.issuers,
      own.map(({ issuer }) => issuer),
    ),
    keyIds: addSeen(
      previous.keyIds,
      own.map(({ keyId }) => keyId),
    ),
    missingSince:
      previous.missingSince && trackMissing(findMissing(observation, cluster), previous.missingSince, now),
    problemStarts: advanceProblemStarts(snapshot, previous),
  };
  const keys = Object.keys(next) as readonly (keyof History)[];
  return keys.every((key) => next[key] === previous[key]) ? previous : next;
}
