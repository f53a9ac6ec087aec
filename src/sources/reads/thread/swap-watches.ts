/**
 * The watches of the folders of volumes, which show when a volume is swapped.
 */
import { follow, watchEarly } from './generation-watches.ts';
import { IN, type InotifyEvent } from './inotify-events.ts';
import { lossOf } from './losses.ts';
import { lose, type Targets, type Volume } from './targets.ts';
import { generationIn } from './volume-folder.ts';

/** Watches the volume's folder. After that, no swap is missed. */
export function watchSwaps(state: Targets, volume: Volume): boolean {
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
export function setOpenWatch({ folders }: Targets, volume: Volume, watch: number | undefined): void {
  const { openWatch } = volume;
  if (openWatch !== undefined && openWatch !== watch) folders.remove(openWatch);
  volume.openWatch = watch;
}

export function removeSwapWatch(state: Targets, volume: Volume): void {
  if (volume.swapWatch === undefined) return;
  state.swaps.remove(volume.swapWatch);
  state.bySwapWatch.delete(volume.swapWatch);
  volume.swapWatch = undefined;
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

export function followSwaps(state: Targets): boolean {
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
