/**
 * What the core remembers from earlier snapshots. Replaced, never edited; each part is the same object while equal.
 *
 * Bounded by what is on the node: an entry lives as long as its token, or the folder of its pod.
 */
import { sameEntries } from '../util/stable.ts';
import type { Assessment, CheckResult } from './assessment.ts';
import { type NodeStall, sameStall } from './causes/node-stall.ts';
import type { Reason } from './checks/index.ts';
import type { ClusterFacts } from './cluster-facts.ts';
import { apiNameOf, claimedNameOf, type PodName, type PodNames, samePodName } from './identity.ts';
import { type MissingSince, type MissingToken, trackMissing } from './missing-tokens.ts';
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
import type { EpochSeconds, TokenClaims } from './token/token.ts';

/** When each problem of one token was first seen. */
type Starts = ReadonlyMap<Reason, EpochSeconds>;

export interface History extends OriginMemory {
  /** Names of pods that were certain once. */
  readonly podNames: PodNames;
  /** When each missing token was first found missing. */
  readonly missingSince: MissingSince;
  /** The stall of the node's rotation that began in an earlier snapshot. */
  readonly stall: NodeStall | undefined;
  /** When each problem of a token was first seen, by `placeOf`. */
  readonly problemStarts: ReadonlyMap<string, Starts>;
}

/** For a process that takes one snapshot, which cannot tell a token that is missing from one that is late. */
export const NO_HISTORY: History = {
  ...NOTHING_REMEMBERED,
  podNames: new Map(),
  missingSince: undefined,
  stall: undefined,
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
  readonly missingNow: readonly MissingToken[];
  readonly stall: NodeStall | undefined;
}

/** More issuers and keys than a cluster changes within the life of a token. */
const MAX_SEEN = 16;

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

/** A pod whose files keep changing their names must not fill the memory. */
const MAX_ORIGINS_PER_POD = 256;

/** Keeps what is remembered of a token whose file cannot be read now: of each pod with such files, the last ones. */
function unreadableOrigins({ observation }: Remembered, previous: History): OriginMemory['origins'] {
  if (observation.unreadable.length === 0) return new Map();
  const left = new Map(observation.unreadable.map(({ podUid }) => [podUid, MAX_ORIGINS_PER_POD]));
  const kept = [...previous.origins].reverse().filter(([place]) => {
    const podUid = place.slice(0, place.indexOf('\0'));
    const room = left.get(podUid) ?? 0;
    left.set(podUid, room - 1);
    return room > 0;
  });
  return new Map(kept.reverse());
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

/** From the API server, or from a token that the kubelet wrote. */
function advancePodNames(snapshot: Remembered, previous: History): PodNames {
  const names = new Map<string, PodName>();
  const add = (uid: string, claimed: PodName | undefined): void => {
    const before = names.get(uid) ?? previous.podNames.get(uid);
    const name = apiNameOf(snapshot.cluster, uid) ?? before ?? claimed;
    if (name !== undefined) names.set(uid, before && samePodName(before, name) ? before : name);
  };
  for (const { token, context } of snapshot.assessments)
    add(token.identity.podUid, context.origin === 'kubelet' ? claimedNameOf(token) : undefined);
  for (const { podUid } of snapshot.observation.unreadable) add(podUid, undefined);
  return kept(previous.podNames, names);
}

const NO_STARTS: Starts = new Map();

/** A check without a verdict neither starts a problem nor ends it. */
function advanceStarts(results: readonly CheckResult[], before: Starts, now: EpochSeconds): Starts {
  const starts = new Map<Reason, EpochSeconds>();
  for (const { check, verdict } of results) {
    if (verdict.status === 'pass') continue;
    const start = before.get(check.reason) ?? (verdict.status === 'fail' ? now : undefined);
    if (start !== undefined) starts.set(check.reason, start);
  }
  return kept(before, starts);
}

function advanceProblemStarts({ now, assessments }: Remembered, previous: History): History['problemStarts'] {
  const problemStarts = new Map<string, Starts>();
  for (const { token, results, failures } of assessments) {
    const place = placeOf(token.identity);
    const before = previous.problemStarts.get(place) ?? NO_STARTS;
    if (before.size === 0 && failures.length === 0) continue;
    const starts = advanceStarts(results, before, now);
    if (starts.size > 0) problemStarts.set(place, starts);
  }
  return kept(previous.problemStarts, problemStarts);
}

/** Records problems that a snapshot is the first to find. Cheap: called at each scrape. */
export function recordProblems(snapshot: Remembered, previous: History): History {
  const problemStarts = advanceProblemStarts(snapshot, previous);
  return problemStarts === previous.problemStarts ? previous : { ...previous, problemStarts };
}

/** Returns the history that the next snapshot is taken with: the previous one if nothing has changed. */
export function advanceHistory(snapshot: Remembered, previous: History): History {
  const { now } = snapshot;
  const own = ownClaims(snapshot);
  const next: History = {
    origins: advanceOrigins(snapshot, previous),
    podNames: advancePodNames(snapshot, previous),
    issuers: addSeen(
      previous.issuers,
      own.map(({ issuer }) => issuer),
    ),
    keyIds: addSeen(
      previous.keyIds,
      own.map(({ keyId }) => keyId),
    ),
    missingSince: previous.missingSince && trackMissing(snapshot.missingNow, previous.missingSince, now),
    stall: sameStall(previous.stall, snapshot.stall) ? previous.stall : snapshot.stall,
    problemStarts: advanceProblemStarts(snapshot, previous),
  };
  const keys = Object.keys(next) as readonly (keyof History)[];
  return keys.every((key) => next[key] === previous[key]) ? previous : next;
}
