/**
 * The volumes: when one is swapped, its watches move to the new generation at once.
 */

import type { Loss, Started, Target } from '../protocol.ts';
import { follow, takeEarly, watchEarly } from './generation-watches.ts';
import { IN, type InotifyEvent } from './inotify-events.ts';
import { lossOf } from './losses.ts';
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

/** Watches the volume's folder. After that, no swap is missed. */
function watchSwaps(state: Targets, volume: Volume): boolean {
  // Not mounted yet: a watch would stay on the folder below the mount.
  if (generationIn(volume.target.folder) === undefined) return false;
  const added = state.swaps.add(volume.target.folder, IN.create | IN.movedTo);
  const opens = added.ok ? state.folders.addVolume(volume.target.folder) : added;
  if (!added.ok || !opens.ok) {
    if (added.ok) state.swaps.remove(added.value);
    if (!opens.ok) lose(state, lossOf(opens.error));
    return false;
  }
  if (volume.swapWatch !== undefined && volume.swapWatch !== added.value) removeSwapWatch(state, volume);
  volume.swapWatch = added.value;
  state.bySwapWatch.set(added.value, volume);
  setOpenWatch(state, volume, opens.value);
  return true;
}

/** That of a volume below another one stays on the folder that is covered. */
function setOpenWatch({ folders }: Targets, volume: Volume, watch: number | undefined): void {
  const { openWatch } = volume;
  if (openWatch !== undefined && openWatch !== watch) folders.remove(openWatch);
  volume.openWatch = watch;
}

function removeSwapWatch(state: Targets, volume: Volume): void {
  if (volume.swapWatch === undefined) return;
  state.swaps.remove(volume.swapWatch);
  state.bySwapWatch.delete(volume.swapWatch);
  volume.swapWatch = undefined;
}

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

/** The volume was unmounted or removed: the number of the watch is used no more. */
function forgetSwapWatch({ bySwapWatch }: Targets, volume: Volume, watch: number): void {
  bySwapWatch.delete(watch);
  if (volume.swapWatch === watch) volume.swapWatch = undefined;
}

/** Returns whether it is the swap of a volume. */
function handleSwapEvent(state: Targets, { watch, mask, name }: InotifyEvent): boolean {
  const volume = state.bySwapWatch.get(watch);
  if (volume === undefined) return false;
  if ((mask & IN.ignored) !== 0) forgetSwapWatch(state, volume, watch);
  return name === '..data' && follow(state, volume, true);
}

function followSwaps(state: Targets): boolean {
  let hasFollowed = false;
  for (const event of state.swaps.take((watch, name) => watchEarly(state, watch, name))) {
    hasFollowed = handleSwapEvent(state, event) || hasFollowed;
    if ((event.mask & IN.overflow) === 0) continue;
    // Any volume may have been swapped.
    state.losses.push('overflow');
    state.unverified = [...state.volumes.keys()];
  }
  return hasFollowed;
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
