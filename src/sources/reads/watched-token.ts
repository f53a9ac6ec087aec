/**
 * One token: its generations that are watched, and what is remembered of those that have ended.
 */

import {
  announceOpen,
  endGeneration,
  type GenerationResult,
  type GenerationState,
  markLost,
  startGeneration,
} from '../../core/reads/generation-reads.ts';
import type { DrainTime } from '../../core/reads/read-event.ts';
import {
  addGap,
  advanceReadHistory,
  type ReadHistory,
  startReadHistory,
  type TokenReads,
  tokenReadsOf,
} from '../../core/reads/token-reads.ts';
import type { EpochSeconds } from '../../core/token/token.ts';
import type { OwnOpen } from './own-opens.ts';
import type { Started } from './protocol.ts';

/** Updated in place: a node has a thousand of them. */
export interface WatchedToken {
  readonly place: string;
  /** Name of its file in the folder that holds it. */
  readonly name: string;
  /** Whether it appeared while the exporter ran, and the clock was not set since. */
  isStartObserved: boolean;
  /** The oldest first: there are two of them between a swap and the last events of the generation before. */
  generations: readonly WatchedGeneration[];
  history: ReadHistory | undefined;
  /** When the last generation ended, by the clock that is never set. */
  endedMs: number;
  /** Undefined while it is not watched. */
  reads: TokenReads | undefined;
}

export interface WatchedGeneration {
  readonly token: WatchedToken;
  /** The watch of the folder. */
  readonly started: Started;
  state: GenerationState;
}

export type Instant = Pick<DrainTime, 'at' | 'readAt' | 'monotonicMs'>;

export function createWatchedToken(place: string, name: string, isStartObserved: boolean): WatchedToken {
  return { place, name, isStartObserved, generations: [], history: undefined, endedMs: 0, reads: undefined };
}

/** Updates the reads. Returns whether they have changed. */
export function settle(token: WatchedToken): boolean {
  const before = token.reads;
  const [current] = token.generations;
  token.reads =
    current === undefined || token.history === undefined
      ? undefined
      : tokenReadsOf(token.history, current.state, token.reads);
  return token.reads !== before;
}

/** The kubelet removes the folder of a generation right after the swap: both may be in different reports. */
const MAX_PAUSE_MS = 10_000;

/** A generation between two others may have had no watch, because of a limit. */
function historyFor(token: WatchedToken, time: Instant): ReadHistory {
  const { history, generations, endedMs, isStartObserved } = token;
  if (history === undefined) return startReadHistory(time.at, isStartObserved);
  const hasPaused = generations.length === 0 && time.monotonicMs - endedMs > MAX_PAUSE_MS;
  return hasPaused ? addGap(history, time.at) : history;
}

/** Undefined if the folder does not hold the token. */
export function begin(token: WatchedToken, started: Started, time: Instant): WatchedGeneration | undefined {
  const { files, blindMs } = started;
  if (!files.includes(token.name)) return undefined;
  const state = startGeneration({ ...time, tokenFile: token.name, files, blindMs });
  const generation = { token, started, state };
  token.history = historyFor(token, time);
  token.generations = [...token.generations, generation];
  return generation;
}

/** Ends a generation after its last events. */
export function end(generation: WatchedGeneration, time: DrainTime): GenerationResult {
  const { token, state } = generation;
  const result = endGeneration(state, time);
  token.generations = token.generations.filter((other) => other !== generation);
  token.endedMs = time.monotonicMs;
  const history = token.history ?? startReadHistory(state.at, token.isStartObserved);
  token.history = advanceReadHistory(history, result);
  return result;
}

/** Announces an open of the exporter in the folder of the generation, if it may have an event there. */
export function announce(generation: WatchedGeneration, open: OwnOpen, monotonicMs: number): void {
  const { opensBefore, opensAfter } = generation.started;
  if (open.number <= opensBefore) return;
  const name = open.file?.name ?? generation.token.name;
  const isWatched = open.file !== undefined && open.number > opensAfter;
  generation.state = announceOpen(generation.state, { name, isWatched, monotonicMs });
}

/** The clock was set: what happened before cannot be compared with times of containers. */
export function loseClock(token: WatchedToken): void {
  token.isStartObserved = false;
  if (token.history !== undefined) token.history = { ...token.history, isStartObserved: false };
  settle(token);
}

export function lose(generation: WatchedGeneration): void {
  generation.state = markLost(generation.state);
}

/** The thread has ended: what it would have seen is not known. */
export function abandon(token: WatchedToken, at: EpochSeconds, monotonicMs: number): void {
  for (const generation of token.generations) {
    lose(generation);
    end(generation, { at, monotonicMs, sinceSwapMs: undefined });
  }
  settle(token);
}
