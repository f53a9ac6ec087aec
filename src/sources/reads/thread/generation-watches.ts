/**
 * The watches of a generation of a volume: of each folder in it that holds tokens, or of none.
 *
 * The kubelet creates the folder of a generation and swaps it in within less time than a thread mostly needs to wake up. How
 * long a folder was not watched is measured, and part of what is reported.
 */
import { folderKey, SHARED, type Started } from '../protocol.ts';
import { lossOf } from './losses.ts';
import { isLimited, lose, type OwnOpenCounts, type Targets, type Volume } from './targets.ts';
import { filesIn, generationIn, holderPath, sinceSwap } from './volume-folder.ts';

type AddedFolder = Pick<Started, 'watch' | 'holder' | 'files' | 'isBusy'> &
  OwnOpenCounts & { readonly isBeforeSwap: boolean };
type Early = Volume['early'];

/** Watches the folder of a new generation, before anything else is done. */
export function watchEarly(state: Targets, swapWatch: number, name: Uint8Array): void {
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
export function takeEarly({ folders }: Targets, volume: Volume, generation: string | undefined): Early {
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
export function follow(state: Targets, volume: Volume, isSwap: boolean): boolean {
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
