/**
 * The reads of one token, over all generations since its volume is watched. Of constant size.
 */
import type { EpochSeconds } from '../token/token.ts';
import type { GenerationResult } from './generation-result.ts';
import {
  type GenerationState,
  isAmbiguous,
  isWatchedInTime,
  isWatchedSinceSwap,
} from './generation-state.ts';

/** Replaced, never edited; the same object while nothing has changed. */
export interface TokenReads {
  /** When the volume was first watched. */
  readonly observedSince: EpochSeconds;
  /** Since when no read can have been missed, except for reactions to a rotation. */
  readonly completeSince: EpochSeconds;
  /**
   * Whether the volume appeared while the exporter ran, and the clock was not set since. Otherwise a container may have
   * started before the watch, regardless of its start time.
   */
  readonly isStartObserved: boolean;
  /** Number of generations that were observed completely. */
  readonly generations: number;
  /** Number of them, in a row, since the last read, or since one may have been missed. */
  readonly withoutRead: number;
  /** Number of those that were watched from before the swap: one that reads at each rotation would have been seen. */
  readonly surelyWithoutRead: number;
  readonly lastReadAt: EpochSeconds | undefined;
  /** When the generation began that was read last, as far as it is known: its token is not newer. */
  readonly lastReadGenerationAt: EpochSeconds | undefined;
  /** The last read of a generation before that one. */
  readonly earlierReadAt: EpochSeconds | undefined;
  /** The last read that was a reaction to a rotation. */
  readonly readAtRotationAt: EpochSeconds | undefined;
  /** When the current generation began; for the first one, when it was first watched. */
  readonly generationAt: EpochSeconds;
  /** Whether the current generation was read; undefined if that is not certain. */
  readonly isReadSinceRotation: boolean | undefined;
  /** Whether a read of the current generation may have been missed that is not a reaction to the swap. */
  readonly mayHideRead: boolean;
}

/** The part that changes when a generation ends. */
export type ReadHistory = Omit<TokenReads, 'generationAt' | 'isReadSinceRotation' | 'mayHideRead'>;

const NONE_WITHOUT_READ = { withoutRead: 0, surelyWithoutRead: 0 };

/** `at`: when the first generation was watched. */
export function startReadHistory(at: EpochSeconds, isStartObserved: boolean): ReadHistory {
  return {
    observedSince: at,
    completeSince: at,
    isStartObserved,
    generations: 0,
    ...NONE_WITHOUT_READ,
    lastReadAt: undefined,
    lastReadGenerationAt: undefined,
    earlierReadAt: undefined,
    readAtRotationAt: undefined,
  };
}

type Read = Pick<GenerationResult, 'startedAt' | 'lastReadAt' | 'isReadAtRotation'>;

function addRead(history: ReadHistory, { startedAt, lastReadAt, isReadAtRotation }: Read): ReadHistory {
  if (lastReadAt === undefined) return history;
  return {
    ...history,
    ...NONE_WITHOUT_READ,
    lastReadAt,
    lastReadGenerationAt: startedAt,
    earlierReadAt: history.lastReadAt,
    readAtRotationAt: isReadAtRotation ? startedAt : history.readAtRotationAt,
  };
}

/** A generation that began before its watch is a gap, unless it is the first. */
function isGap(history: ReadHistory, { mayHideRead, isFromSwap, startedAt }: GenerationResult): boolean {
  return mayHideRead || (!isFromSwap && startedAt !== history.observedSince);
}

/** For a while until then, nothing was watched. */
export function addGap(history: ReadHistory, at: EpochSeconds): ReadHistory {
  return { ...history, completeSince: at, ...NONE_WITHOUT_READ };
}

/**
 * The wall clock was set, by so many seconds. A read before must not seem later than containers that started after it, and
 * generations before must not seem to have taken longer.
 */
export function setClock(history: ReadHistory, step: number): ReadHistory {
  const next = { ...history, isStartObserved: false };
  if (step >= 0) return { ...next, ...NONE_WITHOUT_READ };
  return {
    ...next,
    lastReadAt: history.lastReadAt && history.lastReadAt + step,
    earlierReadAt: history.earlierReadAt && history.earlierReadAt + step,
  };
}

/** Adds a generation that has ended. */
export function advanceReadHistory(history: ReadHistory, ended: GenerationResult): ReadHistory {
  const generations = history.generations + Number(ended.isCounted);
  const completeSince = isGap(history, ended) ? ended.endedAt : history.completeSince;
  const next = { ...history, generations, completeSince };
  switch (ended.verdict) {
    case 'read':
      return addRead(next, ended);
    case 'unread':
      return {
        ...next,
        withoutRead: history.withoutRead + 1,
        surelyWithoutRead: history.surelyWithoutRead + Number(ended.isSure),
      };
    case 'unknown':
      return isGap(history, ended) ? { ...next, ...NONE_WITHOUT_READ } : next;
  }
}

function isReadNow(state: GenerationState): boolean | undefined {
  if (state.foreign > 0) return true;
  return isAmbiguous(state) || !isWatchedInTime(state) ? undefined : false;
}

function isHidingNow({ observedSince }: ReadHistory, state: GenerationState): boolean {
  const isFirst = state.at === observedSince;
  return isAmbiguous(state) || (!isWatchedSinceSwap(state) && !(isFirst && state.blindMs === undefined));
}

function isSame(a: TokenReads, b: TokenReads): boolean {
  const keys = Object.keys(b) as readonly (keyof TokenReads)[];
  return keys.every((key) => a[key] === b[key]);
}

/** A token may be read all the time. */
const SHOWN_READ_SECONDS = 60;

/**
 * The last read of the current generation, by the minute: that it was read at all decides about habits. Of a generation
 * that has ended, the exact time is kept.
 */
function shownReadAt({ at, lastReadAt }: GenerationState, previous: TokenReads | undefined) {
  if (lastReadAt === undefined || previous?.lastReadAt === undefined) return lastReadAt;
  const age = previous.lastReadGenerationAt === at ? lastReadAt - previous.lastReadAt : -1;
  return age >= 0 && age < SHOWN_READ_SECONDS ? previous.lastReadAt : lastReadAt;
}

/** The history with the current generation. Returns `previous` if it is equal. */
export function tokenReadsOf(
  history: ReadHistory,
  state: GenerationState,
  previous?: TokenReads,
): TokenReads {
  const { at: startedAt, isReadAtRotation } = state;
  const lastReadAt = shownReadAt(state, previous);
  const reads = {
    ...addRead(history, { startedAt, lastReadAt, isReadAtRotation }),
    generationAt: startedAt,
    isReadSinceRotation: isReadNow(state),
    mayHideRead: isHidingNow(history, state),
  };
  return previous !== undefined && isSame(previous, reads) ? previous : reads;
}
