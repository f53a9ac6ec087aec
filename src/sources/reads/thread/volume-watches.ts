/**
 * The volumes: when one is swapped, its watches move to the new generation at once.
 */
import type { Loss, Started, Target } from '../protocol.ts';
import { follow, takeEarly } from './generation-watches.ts';
import { followSwaps, removeSwapWatch, setOpenWatch, watchSwaps } from './swap-watches.ts';
import {
  createTargets,
  isLimited,
  lose,
  type Targets,
  UNWATCHED,
  type Volume,
  type VolumeWatchesOptions,
} from './targets.ts';
import { generationIn } from './volume-folder.ts';

export interface VolumeWatches {
  readonly watch: (target: Target) => void;
  readonly unwatch: (id: number) => void;
  /** Takes the events of swaps. Returns whether there was one. */
  readonly followSwaps: () => boolean;
  /** Compares the next few volumes with what is watched of them: events can be lost, and mounts covered. */
  readonly verify: () => void;
  /** What has begun and what has failed since the last call. */
  readonly takeNews: () => { readonly started: readonly Started[]; readonly losses: readonly Loss[] };
  readonly count: () => number;
  /** Whether a limit was reached a short while ago. */
  readonly isLimited: () => boolean;
}

/** All volumes are verified about once a minute. */
const VERIFY_ROUNDS = 60;
const MIN_VERIFIED = 8;

function isCurrent({ target, generation }: Volume): boolean {
  return generationIn(target.folder) === generation;
}

/** A volume that has no watch gets one; one that has another generation than is watched has lost an event. */
function verifyVolume(state: Targets, volume: Volume): void {
  if (isLimited(state)) return;
  const wasWatched = volume.swapWatch !== undefined && volume.generation !== undefined;
  if (wasWatched && isCurrent(volume)) return;
  // It may have been swapped just now.
  if (wasWatched && followSwaps(state) && isCurrent(volume)) return;
  if (wasWatched && generationIn(volume.target.folder) !== undefined) lose(state, 'event_lost');
  if (watchSwaps(state, volume)) follow(state, volume, false);
}

function verifySome(state: Targets): void {
  const { volumes } = state;
  if (state.unverified.length === 0) state.unverified = [...volumes.keys()];
  const count = Math.max(MIN_VERIFIED, Math.ceil(volumes.size / VERIFY_ROUNDS));
  for (const id of state.unverified.splice(-count)) {
    const volume = volumes.get(id);
    if (volume !== undefined) verifyVolume(state, volume);
  }
}

function unwatch(state: Targets, id: number): void {
  const volume = state.volumes.get(id);
  if (volume === undefined) return;
  removeSwapWatch(state, volume);
  takeEarly(state, volume, undefined);
  setOpenWatch(state, volume, undefined);
  for (const watch of volume.watches) state.folders.remove(watch);
  state.folders.forget(volume.target);
  state.volumes.delete(id);
}

export function createVolumeWatches(options: VolumeWatchesOptions): VolumeWatches {
  const state = createTargets(options);
  return {
    watch: (target) => {
      const volume: Volume = { target, ...UNWATCHED };
      state.volumes.set(target.id, volume);
      verifyVolume(state, volume);
    },
    unwatch: (id) => unwatch(state, id),
    followSwaps: () => followSwaps(state),
    verify: () => verifySome(state),
    takeNews: () => {
      const { started, losses } = state;
      state.started = [];
      state.losses = [];
      return { started, losses };
    },
    count: () => state.bySwapWatch.size,
    isLimited: () => isLimited(state),
  };
}
