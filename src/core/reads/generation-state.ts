/**
 * The state of a generation of a volume: who has opened the token in it so far.
 *
 * Small, because a node has a thousand of them: counts, never events. A state is replaced, not edited, except for the time
 * of its last read.
 */
import type { EpochSeconds } from '../token/token.ts';
import type { Visit } from './kubelet-visit.ts';
import type { DrainTime } from './read-event.ts';

/** A generation counts only if its watch was placed within this time of the swap. */
const MAX_BLIND_MS = 5;
/** An open within this time of a swap is a reaction to it. */
const AT_ROTATION_MS = 50;

export interface GenerationStart {
  readonly tokenFile: string;
  /** All files that the kubelet wrote to the watched directory, the token among them. */
  readonly files: readonly string[];
  /** When the watch was placed. */
  readonly at: EpochSeconds;
  readonly monotonicMs: number;
  /** From the swap until the watch was placed: 0 if it was placed before. Undefined if the generation was older. */
  readonly blindMs: number | undefined;
}

export interface GenerationState extends GenerationStart {
  /** Whether an event was lost. */
  readonly isLost: boolean;
  /** Whether the directory was ever opened. */
  readonly isVisited: boolean;
  readonly visit: Visit | undefined;
  /** Opens of the directory of the volume that were not followed by one of this directory: walks on their way to it. */
  readonly walks: number;
  /** When there was the last of them. */
  readonly walkMs: number;
  /** Opens of the token that were not closed so far. */
  readonly held: number;
  /** Opens of the token by others than the kubelet and the exporter. */
  readonly foreign: number;
  /** Opens of the token that may be such. */
  readonly ambiguous: number;
  /** Opens announced by the exporter whose events have not come, by file. */
  readonly expected: ReadonlyMap<string, number>;
  /** When the last of them was announced. */
  readonly expectedMs: number;
  /** Opens of the token by the exporter of which it is not known whether they have events. */
  readonly maybeOwn: number;
  /** Visits to a directory with one file, which anyone's look at it equals: times of those that nothing confirms. */
  readonly unconfirmed: readonly number[];
  /** Times of visits of the kubelet to other volumes of the pod that have confirmed nothing so far. */
  readonly confirmations: readonly number[];
  /** When the kubelet visited the other volumes in the visit that was confirmed last. */
  readonly confirmedMs: number | undefined;
  readonly isReadAtRotation: boolean;
  /** Edited by `readAgain`: a token may be read all the time. */
  lastReadAt: EpochSeconds | undefined;
  /** The last complete visit of the kubelet. */
  readonly lastVisitAt: EpochSeconds | undefined;
  /** The same by the clock that is never set. */
  readonly lastVisitMs: number | undefined;
  /** Number of complete visits. */
  readonly visits: number;
}

export const NOTHING_EXPECTED: ReadonlyMap<string, number> = new Map();
const NO_TIMES: readonly number[] = [];

export function startGeneration(start: GenerationStart): GenerationState {
  return {
    ...start,
    isLost: false,
    isVisited: false,
    visit: undefined,
    walks: 0,
    walkMs: 0,
    held: 0,
    foreign: 0,
    ambiguous: 0,
    expected: NOTHING_EXPECTED,
    expectedMs: 0,
    maybeOwn: 0,
    unconfirmed: NO_TIMES,
    confirmations: NO_TIMES,
    confirmedMs: undefined,
    isReadAtRotation: false,
    lastReadAt: undefined,
    lastVisitAt: undefined,
    lastVisitMs: undefined,
    visits: 0,
  };
}

/** The queue overflowed, a limit was reached, or an event could not be parsed. */
export function markLost(state: GenerationState): GenerationState {
  return { ...state, isLost: true, visit: undefined };
}

/** The kernel may merge an open of the token into one of the kubelet's: what is seen is a read, what is not may be one. */
export function markMerged(state: GenerationState): GenerationState {
  return { ...state, ambiguous: state.ambiguous + 1 };
}

export function isAtSwap({ sinceSwapMs }: DrainTime): boolean {
  return sinceSwapMs !== undefined && sinceSwapMs <= AT_ROTATION_MS;
}

/** Whether the generation counts, as far as its watch is concerned. */
export function isWatchedInTime({ blindMs }: Pick<GenerationStart, 'blindMs'>): boolean {
  return blindMs !== undefined && blindMs <= MAX_BLIND_MS;
}

/** Whether only reactions to the swap can have been missed before the watch. */
export function isWatchedSinceSwap({ blindMs }: Pick<GenerationStart, 'blindMs'>): boolean {
  return blindMs !== undefined && blindMs <= AT_ROTATION_MS;
}

/** Whether an open of the token may be a read of a workload. May still become true in the course of the generation. */
export function isAmbiguous({ isLost, ambiguous }: GenerationState): boolean {
  return isLost || ambiguous > 0;
}
