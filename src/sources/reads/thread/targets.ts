/**
 * The volumes that are to be watched, and what has begun and failed since the last report.
 */
import type { Loss, Started, Target } from '../protocol.ts';
import type { EarlyWatch } from './early-watches.ts';
import type { FolderWatches } from './folder-watches.ts';
import type { Inotify } from './inotify.ts';

export interface VolumeWatchesOptions {
  readonly swaps: Inotify;
  readonly folders: FolderWatches;
  /** The words of `SHARED`. */
  readonly shared: Int32Array;
  /** The wall clock in milliseconds, from which file systems take their times. */
  readonly now: () => number;
  readonly monotonicMs: () => number;
}

export interface Volume {
  readonly target: Target;
  /** The watch of its folder; undefined if it has none. */
  swapWatch: number | undefined;
  /** The watch of its folder that sees opens. */
  openWatch: number | undefined;
  /** The generation that is watched; undefined if it has none. */
  generation: string | undefined;
  watches: readonly number[];
  /** The folder that was created last, if it is not swapped in. */
  early: (EarlyWatch & OwnOpenCounts) | undefined;
}

export type OwnOpenCounts = Pick<Started, 'opensBefore' | 'opensAfter'>;

export const UNWATCHED = {
  swapWatch: undefined,
  openWatch: undefined,
  generation: undefined,
  watches: [],
  early: undefined,
};

export interface Targets extends VolumeWatchesOptions {
  readonly volumes: Map<number, Volume>;
  readonly bySwapWatch: Map<number, Volume>;
  /** The volumes that are to be verified in this round, the next one last. */
  unverified: number[];
  started: Started[];
  losses: Loss[];
  /** Until then no watch is added, after a limit was reached. */
  limitedUntilMs: number;
}

const LIMIT_PAUSE_MS = 60_000;

const LIMITS: ReadonlySet<Loss> = new Set(['max_user_instances', 'max_user_watches']);

export function lose(state: Targets, loss: Loss | undefined): void {
  if (loss === undefined) return;
  state.losses.push(loss);
  if (LIMITS.has(loss)) state.limitedUntilMs = state.monotonicMs() + LIMIT_PAUSE_MS;
}

export function isLimited({ monotonicMs, limitedUntilMs }: Targets): boolean {
  return monotonicMs() < limitedUntilMs;
}

export function createTargets(options: VolumeWatchesOptions): Targets {
  return {
    ...options,
    volumes: new Map(),
    bySwapWatch: new Map(),
    unverified: [],
    started: [],
    losses: [],
    limitedUntilMs: Number.NEGATIVE_INFINITY,
  };
}
