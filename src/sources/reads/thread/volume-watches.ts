/**
 * The volumes: when one is swapped, its watches move to the new generation at once.
 *
 * The kubelet creates the folder of a generation and swaps it in within less time than a thread mostly needs to wake up. How
 * long a folder was not watched is measured, and part of what is reported.
 */

import { folderKey, type Loss, SHARED, type Started, type Target } from '../protocol.ts';
import { IN, type InotifyEvent } from './inotify-events.ts';
import { lossOf } from './losses.ts';
import {
  createTargets,
  isLimited,
  lose,
  type OwnOpenCounts,
  type Targets,
  UNWATCHED,
  type Volume,
  type VolumeWatchesOptions,
} from './targets.ts';
import { filesIn, generationIn, holderPath, sinceSwap } from './volume-folder.ts';

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

type AddedFolder = Pick<Started, 'watch' | 'holder' | 'files' | 'isBusy'> &
  OwnOpenCounts & { readonly isBeforeSwap: boolean };
type Early = Volume['early'];

/** Watches the folder of a new generation, before anything else is done. */
function watchEarly(state: Targets, swapWatch: number, name: Uint8Array): void {
  const { shared, folders, bySwapWatch } = state;
  const volume = bySwapWatch.get(swapWatch);
  // Other folders of the generation do not exist yet.
  if (volume?.openWatch === undefined || !volume.target.holders.includes('')) return;
  const { target, openWatch, early: before } = volume;
  const opensBefore = Atomics.load(shared, SHARED.opensComplete);
  const key = folderKey(target.id, '');
  const newFolder = { volumePath: target.folder, name, volume: openWatch, key, current: volume.generation };
  const early = folders.addEarly(newFolder);
  const opensAfter = Atomics.load(shared, SHARED.opensBegun);
  if (before !== undefined) folders.remove(before.watch);
  volume.early = early && { ...early, opensBefore, opensAfter };
}

/** The folder is swapped in. Listing it is an open of its own. Undefined if it is no longer watched. */
function beginEarly(state: Targets, { target }: Volume, early: NonNullable<Early>): AddedFolder | undefined {
  const { watch, generation, isBeforeSwap, opensBefore, opensAfter } = early;
  const files = filesIn(`${target.folder}/${generation}`);
  if (files !== undefined && state.folders.begin(watch, files.length))
    return { watch, holder: '', files, isBusy: false, isBeforeSwap, opensBefore, opensAfter };
  state.folders.remove(watch);
  return undefined;
}

/** Watches one folder of a generation; undefined if it is gone, or a limit is reached. */
function addFolder(
  state: Targets,
  { target, openWatch }: Volume,
  generation: string,
  holder: string,
): AddedFolder | undefined {
  const path = holderPath(target.folder, generation, holder);
  // Listed before it is watched, so that this is no event.
  const files = path === undefined ? undefined : filesIn(path);
  if (path === undefined || files === undefined || openWatch === undefined) return undefined;
  const key = folderKey(target.id, holder);
  const opensBefore = Atomics.load(state.shared, SHARED.opensComplete);
  const added = state.folders.add({ path, volume: openWatch, generation, key, files: files.length });
  const opensAfter = Atomics.load(state.shared, SHARED.opensBegun);
  const isBusy = state.folders.isBusy(key);
  if (added.ok)
    return { watch: added.value, holder, files, isBusy, isBeforeSwap: false, opensBefore, opensAfter };
  lose(state, lossOf(added.error));
  return undefined;
}

/** Takes what was watched before the swap. Of another generation it is no longer needed. */
function takeEarly({ folders }: Targets, volume: Volume, generation: string | undefined): Early {
  const { early } = volume;
  volume.early = undefined;
  if (early === undefined || early.generation === generation) return early;
  folders.remove(early.watch);
  return undefined;
}

/** Watches the folders of a generation that hold tokens. */
function addFolders(state: Targets, volume: Volume, generation: string): readonly AddedFolder[] {
  const early = takeEarly(state, volume, generation);
  const begun = early && beginEarly(state, volume, early);
  return volume.target.holders.flatMap((holder) => {
    const isBegun = holder === '' && begun !== undefined;
    return (isBegun ? begun : addFolder(state, volume, generation, holder)) ?? [];
  });
}

function setSwapTime({ folders, monotonicMs }: Targets, watch: number, sinceSwapMs = 0): void {
  folders.setSwapTime(watch, monotonicMs() - sinceSwapMs);
}

/** Watches all folders of a generation that hold tokens, or none. */
function addGeneration(state: Targets, volume: Volume, generation: string, isSwap: boolean): void {
  const { folder, id, holders } = volume.target;
  const added = addFolders(state, volume, generation);
  if (added.length < holders.length) {
    for (const { watch } of added) state.folders.remove(watch);
    return;
  }
  const sinceSwapMs = isSwap ? sinceSwap(folder, state.now()) : undefined;
  for (const { isBeforeSwap, ...started } of added) {
    const blindMs = isSwap && isBeforeSwap ? 0 : sinceSwapMs;
    if (blindMs !== undefined) setSwapTime(state, started.watch, sinceSwapMs);
    state.started.push({ ...started, id, generation, blindMs });
  }
  volume.generation = generation;
  volume.watches = added.map(({ watch }) => watch);
}

/** Moves the watches to the current generation. Returns whether there is another than before. */
function follow(state: Targets, volume: Volume, isSwap: boolean): boolean {
  const generation = generationIn(volume.target.folder);
  if (generation === volume.generation) return false;
  const { watches } = volume;
  volume.watches = [];
  volume.generation = undefined;
  if (generation !== undefined && !isLimited(state)) addGeneration(state, volume, generation, isSwap);
  else takeEarly(state, volume, undefined);
  for (const watch of watches) state.folders.remove(watch);
  return true;
}

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
