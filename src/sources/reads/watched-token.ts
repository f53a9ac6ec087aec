/**
 * One token: its generations that are watched, and what is remembered of those that have ended.
 */
import { announceOpen } from '../../core/reads/expected-opens.ts';
import { endGeneration, type GenerationResult } from '../../core/reads/generation-result.ts';
import {
  type GenerationState,
  markLost,
  markMerged,
  startGeneration,
} from '../../core/reads/generation-state.ts';
import type { DrainTime } from '../../core/reads/read-event.ts';
import {
  addGap,
  advanceReadHistory,
  type ReadHistory,
  setClock,
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
  /** The folder that holds it, relative to the generation. */
  readonly holder: string;
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

/** What is kept of a message. */
type WatchedFolder = Pick<Started, 'watch' | 'generation' | 'holder' | 'opensBefore' | 'opensAfter'>;

export interface WatchedGeneration {
  readonly token: WatchedToken;
  /** The watch of the folder. */
  readonly started: WatchedFolder;
  state: GenerationState;
}

export type Instant = Pick<DrainTime, 'at' | 'readAt' | 'monotonicMs' | 'sinceMs'>;

/** A copy with no room for more: V8 leaves room for 16 further elements after a spread. */
export function withOne<T>(list: readonly T[], one: T): readonly T[] {
  return list.concat([one]);
}

const NO_GENERATIONS: readonly WatchedGeneration[] = [];

export function createWatchedToken(
  place: string,
  holder: string,
  name: string,
  isStartObserved: boolean,
): WatchedToken {
  return {
    place,
    holder,
    name,
    isStartObserved,
    generations: NO_GENERATIONS,
    history: undefined,
    endedMs: 0,
    reads: undefined,
  };
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
  const { files, blindMs, isBusy, watch, generation, holder, opensBefore, opensAfter } = started;
  if (!files.includes(token.name)) return undefined;
  const fresh = startGeneration({ ...time, tokenFile: token.name, files, blindMs });
  const state = isBusy ? markMerged(fresh) : fresh;
  const begun = { token, started: { watch, generation, holder, opensBefore, opensAfter }, state };
  token.history = historyFor(token, time);
  token.generations = withOne(token.generations, begun);
  return begun;
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

/** As in the history: a read before the clock was set back must not seem later. */
function setBack(state: GenerationState, step: number): GenerationState {
  const { lastReadAt } = state;
  return lastReadAt === undefined || step >= 0 ? state : { ...state, lastReadAt: lastReadAt + step };
}

/** The clock was set: starts of containers cannot be compared with what happened before. */
export function loseClock(token: WatchedToken, step: number): void {
  token.isStartObserved = false;
  if (token.history !== undefined) token.history = setClock(token.history, step);
  for (const generation of token.generations) generation.state = setBack(generation.state, step);
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
