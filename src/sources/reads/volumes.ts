/**
 * The volumes of the node that hold tokens, and who reads these, from what the thread reports.
 */
import type { ReadFacts } from '../../core/reads/read-facts.ts';
import type { TokenReads } from '../../core/reads/token-reads.ts';
import type { Token, TokenIdentity } from '../../core/token/token.ts';
import { type OwnOpen, volumeKey } from './own-opens.ts';
import { createPodDrains } from './pod-drains.ts';
import type { Command, Report } from './protocol.ts';
import { abandon, type Instant, loseClock } from './watched-token.ts';
import {
  addOpen,
  addToken,
  beginFolder,
  createWatchedVolume,
  holdersOf,
  isWatchable,
  targetOf,
  type WatchedVolume,
} from './watched-volume.ts';

export interface Volumes {
  /** Sets the tokens of the node. `areNew`: those that were not there before appeared just now. */
  readonly setTokens: (tokens: readonly Token[], monotonicMs: number, areNew?: boolean) => readonly Command[];
  readonly addOpen: (open: OwnOpen, monotonicMs: number) => void;
  readonly addReport: (report: Report, time: Instant) => void;
  /** The thread has ended. Returns what the next one is to do. */
  readonly restart: (time: Instant) => readonly Command[];
  /** The same object while nothing has changed. */
  readonly facts: () => ReadFacts;
}

/** More than the limit of tokens on a node. */
const MAX_VOLUMES = 4_096;
/** A volume that is being swapped may seem empty for a moment. */
const MAX_ABSENT_MS = 60_000;
/** More than a scan takes to find what started before the clock was set. */
const CLOCK_PAUSE_MS = 7_200_000;

interface State {
  readonly rootDir: string;
  readonly volumes: Map<string, WatchedVolume>;
  readonly byId: Map<number, WatchedVolume>;
  /** The volumes of tokens that were added, by what stays the same from scan to scan. */
  readonly byIdentity: WeakMap<TokenIdentity, WatchedVolume>;
  readonly drains: ReturnType<typeof createPodDrains>;
  nextId: number;
  folders: number;
  isLimited: boolean;
  /** Keys of volumes that were removed, the oldest first: one that comes back is not new. */
  readonly removed: Set<string>;
  /** Whether volumes were left out: what is found then may have been there for long. */
  isFull: boolean;
  /** When the wall clock was set last, by the clock that is never set. */
  clockSetMs: number;
  /** Undefined if they have to be collected again. */
  facts: ReadFacts | undefined;
}

/** When tokens were found, and whether they were not there before. */
interface Arrival {
  readonly nowMs: number;
  readonly areNew: boolean;
}

/** Only these are swapped, and may be read again. */
function isProjected({ volumeKind, copy }: Token): boolean {
  return volumeKind === 'projected' && copy === undefined;
}

function generationsOf({ tokens }: WatchedVolume) {
  return tokens.flatMap(({ generations }) => generations);
}

function watchAgain(state: State, volume: WatchedVolume): readonly Command[] {
  const before = volume.id;
  state.byId.delete(before);
  state.nextId += 1;
  volume.id = state.nextId;
  state.byId.set(volume.id, volume);
  const unwatch: readonly Command[] = before === 0 ? [] : [{ kind: 'unwatch', id: before }];
  return [...unwatch, { kind: 'watch', target: targetOf(state.rootDir, volume) }];
}

/** Whether the volume may have been there before, although it was not. */
function mayBeOlder({ removed, isFull, clockSetMs }: State, key: string, nowMs: number): boolean {
  return isFull || removed.has(key) || nowMs - clockSetMs < CLOCK_PAUSE_MS;
}

function rememberRemoved({ removed }: State, key: string): void {
  removed.add(key);
  if (removed.size <= MAX_VOLUMES) return;
  for (const oldest of removed) {
    removed.delete(oldest);
    return;
  }
}

function findVolume(
  state: State,
  identity: TokenIdentity,
  { nowMs, areNew }: Arrival,
): WatchedVolume | undefined {
  const key = volumeKey(identity.podUid, identity.volume);
  const known = state.volumes.get(key);
  state.isFull ||= state.volumes.size >= MAX_VOLUMES;
  if (known !== undefined || state.volumes.size >= MAX_VOLUMES) return known;
  const isNew = areNew && !mayBeOlder(state, key, nowMs);
  const volume = createWatchedVolume(identity, nowMs, isNew);
  state.volumes.set(key, volume);
  return volume;
}

/** Undefined if the token is not to be watched. */
function addVolume(state: State, token: Token, arrival: Arrival): WatchedVolume | undefined {
  const isWatched = isProjected(token) && isWatchable(token.identity);
  return isWatched ? findVolume(state, token.identity, arrival) : undefined;
}

function removeVolume(state: State, volume: WatchedVolume): Command {
  const { id } = volume;
  state.volumes.delete(volume.key);
  rememberRemoved(state, volume.key);
  state.byId.delete(id);
  state.drains.remove(volume.podUid, generationsOf(volume));
  return { kind: 'unwatch', id };
}

/** Undefined for one that was removed: the token is back. */
function knownVolume({ byIdentity, volumes }: State, identity: TokenIdentity): WatchedVolume | undefined {
  const known = byIdentity.get(identity);
  return known !== undefined && volumes.get(known.key) === known ? known : undefined;
}

function setTokens(state: State, tokens: readonly Token[], arrival: Arrival): readonly Command[] {
  const { nowMs } = arrival;
  const changed = new Set<WatchedVolume>();
  for (const token of tokens) {
    const known = knownVolume(state, token.identity);
    const volume = known ?? addVolume(state, token, arrival);
    if (volume === undefined) continue;
    volume.seenMs = nowMs;
    if (known === undefined && addToken(volume, token.identity)) changed.add(volume);
    state.byIdentity.set(token.identity, volume);
  }
  const gone = [...state.volumes.values()].filter(({ seenMs }) => nowMs - seenMs > MAX_ABSENT_MS);
  return [
    ...gone.map((volume) => removeVolume(state, volume)),
    ...[...changed].flatMap((volume) => watchAgain(state, volume)),
  ];
}

function addReport(state: State, report: Report, now: Instant): void {
  const { started, drained, folders, isLimited } = report;
  // This thread may take the report late, too.
  const time = { ...now, readAt: Math.min(now.at, report.readAt) };
  const isSame = folders === state.folders && isLimited === state.isLimited && started.length === 0;
  state.folders = folders;
  state.isLimited = isLimited;
  const isLate = state.drains.isLate(time);
  for (const one of started) {
    const volume = state.byId.get(one.id);
    // A generation between this one and the one before may not have been seen.
    const seen = isLate ? { ...one, blindMs: undefined } : one;
    if (volume !== undefined) state.drains.add(volume.podUid, beginFolder(volume, seen, time));
  }
  state.drains.drain(drained, time);
  if (!isSame) state.facts = undefined;
}

function restart(state: State, { at, monotonicMs }: Instant): readonly Command[] {
  state.drains.resume({ at, monotonicMs });
  state.folders = 0;
  return [...state.volumes.values()].flatMap((volume) => {
    state.drains.remove(volume.podUid, generationsOf(volume));
    for (const token of volume.tokens) abandon(token, at, monotonicMs);
    return watchAgain(state, volume).filter(({ kind }) => kind === 'watch');
  });
}

/** Number of folders that hold tokens and are not watched. */
function countUnwatched({ volumes, folders }: State): number {
  let wanted = 0;
  for (const volume of volumes.values()) wanted += holdersOf(volume).length;
  return Math.max(0, wanted - folders);
}

function factsOf(state: State): ReadFacts {
  const { volumes, drains, folders, isLimited } = state;
  const tokens = new Map<string, TokenReads>();
  for (const volume of volumes.values())
    for (const { place, reads } of volume.tokens) if (reads !== undefined) tokens.set(place, reads);
  const unwatched = isLimited ? countUnwatched(state) : 0;
  return { tokens, lastVisitAt: drains.lastVisitAt(), watches: folders, unwatched };
}

function loseClocks(state: State, step: number, monotonicMs: number): void {
  state.clockSetMs = monotonicMs;
  for (const volume of state.volumes.values()) {
    volume.isNew = false;
    for (const token of volume.tokens) loseClock(token, step);
  }
}

export function createVolumes(rootDir: string): Volumes {
  const volumes = new Map<string, WatchedVolume>();
  const state: State = {
    rootDir,
    volumes,
    byId: new Map(),
    byIdentity: new WeakMap(),
    drains: createPodDrains((step, { monotonicMs }) => loseClocks(state, step, monotonicMs)),
    removed: new Set(),
    isFull: false,
    clockSetMs: Number.NEGATIVE_INFINITY,
    nextId: 0,
    folders: 0,
    isLimited: false,
    facts: undefined,
  };
  return {
    setTokens: (tokens, nowMs, areNew = true) => {
      const commands = setTokens(state, tokens, { nowMs, areNew });
      if (commands.length > 0) state.facts = undefined;
      return commands;
    },
    addOpen: (open, monotonicMs) => {
      const volume = state.volumes.get(open.volume);
      if (volume !== undefined) addOpen(volume, open, monotonicMs);
    },
    addReport: (report, time) => addReport(state, report, time),
    restart: (time) => {
      state.facts = undefined;
      return restart(state, time);
    },
    facts: () => {
      if (state.drains.settle()) state.facts = undefined;
      state.facts ??= factsOf(state);
      return state.facts;
    },
  };
}
