/**
 * Watches of the folder of a generation that is being written: placed before the swap, so that no open is missed.
 *
 * Their events are kept back until the swap. Before it, only the kubelet opens the files.
 */
import type { ReadEvent } from '../../../core/reads/read-event.ts';
import { FRESH, MASK, type WatchedFolder, type WatchedFolders } from './watched-folders.ts';

/** The folder of a generation that the kubelet has just created in a volume. */
export interface NewFolder {
  /** Path of the volume's folder. */
  readonly volumePath: string;
  readonly name: Uint8Array;
  /** As in `Folder`. */
  readonly volume: number;
  readonly key: string;
  /** The generation that is known to be swapped in; undefined if it is not known. */
  readonly current: string | undefined;
}

/** The watch of such a folder. */
export interface EarlyWatch {
  readonly watch: number;
  readonly generation: string;
  /** Whether the generation was not swapped in when the folder was watched, so that no open is missed. */
  readonly isBeforeSwap: boolean;
}

/**
 * The kubelet opens files to write them, and lists the folder. A reader that opens a file as soon as it is swapped in may come
 * before the event of the swap, but then closes it, as the kubelet does not.
 */
export function isOwn(found: WatchedFolder, { kind }: ReadEvent): boolean {
  if (found.isWritten) return kind !== 'closed';
  if (found.ownOpens === 0 || kind !== 'folder_opened') return false;
  found.ownOpens -= 1;
  return true;
}

/** From here on, others than the kubelet open the files of the new generation. */
export function endWriting({ watched, walks }: WatchedFolders, volume: number): void {
  for (const watch of walks.insideOf(volume)) {
    const found = watched.get(watch);
    if (found !== undefined) found.isWritten = false;
  }
}

/** Whether the event of the last swap may still come, which would be taken for that of the next one. */
function isSwapPending({ watched, walks }: WatchedFolders, volume: number): boolean {
  for (const watch of walks.insideOf(volume)) {
    const found = watched.get(watch);
    if (found?.isFresh === true && !found.isKeptBack) return true;
  }
  return false;
}

export function addEarly(state: WatchedFolders, newFolder: NewFolder): EarlyWatch | undefined {
  const { volumePath, name, volume, key } = newFolder;
  const { inotify, libc, watched, walks, commands, busy, tooBusy } = state;
  if (busy.has(key) || tooBusy.has(key) || !walks.isWatched(volume)) return undefined;
  const watch = inotify.addIn(volumePath, name, MASK);
  const current = libc.readLink(`${volumePath}/..data`);
  // One that is watched already was swapped in and found before this: it is not to be kept back.
  if (watch < 0 || watched.has(watch)) return undefined;
  const generation = Buffer.from(name).toString();
  const isBeforeSwap = current !== generation;
  if (isSwapPending(state, volume) || (isBeforeSwap && current !== newFolder.current)) {
    inotify.remove(watch);
    return undefined;
  }
  const folder = { path: `${volumePath}/${generation}`, volume, generation, key, files: 0 };
  watched.set(watch, { folder, events: [], ...FRESH, isKeptBack: true, isWritten: isBeforeSwap });
  walks.add(watch, folder);
  commands.add(watch);
  return { watch, generation, isBeforeSwap };
}

export function begin({ watched, touched }: WatchedFolders, watch: number, files: number): boolean {
  const found = watched.get(watch);
  if (found === undefined || found.isRemoved || found.hasEnded) return false;
  found.folder = { ...found.folder, files };
  found.isKeptBack = false;
  found.ownOpens += 1;
  touched.add(watch);
  return true;
}
