/**
 * The folders that hold tokens: who is opened in them, from one drain to the next.
 *
 * The kernel merges an event with the one before it if both are the same, so that a drain now and then bounds what a busy
 * reader costs.
 */
import { err, type Result } from '../../../util/result.ts';
import { folderKey, type Target } from '../protocol.ts';
import { addEarly, begin, type EarlyWatch, type NewFolder } from './early-watches.ts';
import { type Drain, drain } from './folder-drain.ts';
import type { Inotify } from './inotify.ts';
import { IN } from './inotify-events.ts';
import type { Errno, Libc } from './libc.ts';
import {
  createWatchedFolders,
  type Folder,
  FRESH,
  MASK,
  remove,
  type WatchedFolders,
} from './watched-folders.ts';

export interface FolderWatches {
  /** Watches the folder of a volume, for walks through it. Returns the number of the watch. */
  readonly addVolume: (path: string) => Result<number, Errno | 'busy'>;
  /** Returns the number of the watch. A folder with more events than the kernel can queue is not watched again. */
  readonly add: (folder: Folder) => Result<number, Errno | 'busy'>;
  /**
   * Watches a folder before anything else is done. Its events are kept back until `begin`. Undefined if it fails, if
   * the folder is watched already, or if the event of an earlier swap may still come.
   */
  readonly addEarly: (folder: NewFolder) => EarlyWatch | undefined;
  /**
   * The generation was swapped in, and has so many files: they were listed once since it is watched. Returns whether it
   * is still watched.
   */
  readonly begin: (watch: number, files: number) => boolean;
  /** Whether only opens are watched of the folder, so that the kernel may merge those of two processes. */
  readonly isBusy: (key: string) => boolean;
  /** Sets when the generation of the folder was swapped in. */
  readonly setSwapTime: (watch: number, swappedMs: number) => void;
  readonly remove: (watch: number) => void;
  /** The volume is not wanted any longer. */
  readonly forget: (volume: Target) => void;
  /** Takes all events. */
  readonly drain: () => Drain;
  readonly count: () => number;
}

export interface FolderWatchesOptions {
  readonly inotify: Inotify;
  readonly libc: Pick<Libc, 'readLink'>;
  /** The folder of the program, which commands open while they visit volumes. */
  readonly program: string;
  readonly monotonicMs: () => number;
}

function addFolder(state: WatchedFolders, folder: Folder): Result<number, Errno | 'busy'> {
  const { inotify, watched, touched, walks, commands, busy, tooBusy } = state;
  if (tooBusy.has(folder.key)) return err('busy');
  // The volume was unmounted, or is opened too often.
  if (!walks.isWatched(folder.volume)) return err('ENOENT');
  const mask = busy.has(folder.key) ? IN.open : MASK;
  const added = inotify.add(folder.path, mask);
  if (!added.ok) return added;
  watched.set(added.value, { folder, events: [], ...FRESH });
  touched.add(added.value);
  walks.add(added.value, folder);
  commands.add(added.value);
  return added;
}

function forget({ walks, busy, tooBusy }: WatchedFolders, { id, folder, holders }: Target): void {
  walks.forget(folder);
  for (const key of holders.map((holder) => folderKey(id, holder))) {
    busy.delete(key);
    tooBusy.delete(key);
  }
}

export function createFolderWatches(options: FolderWatchesOptions): FolderWatches {
  const { monotonicMs } = options;
  const state = createWatchedFolders(options);
  const { watched, walks } = state;
  return {
    addVolume: walks.watch,
    add: (folder) => addFolder(state, folder),
    addEarly: (folder) => addEarly(state, folder),
    begin: (watch, files) => begin(state, watch, files),
    setSwapTime: (watch, swappedMs) => {
      const found = watched.get(watch);
      if (found !== undefined) found.swappedMs = swappedMs;
    },
    isBusy: (key) => state.busy.has(key),
    remove: (watch) => remove(state, watch),
    forget: (volume) => forget(state, volume),
    drain: () => drain(state, monotonicMs()),
    count: () => watched.size,
  };
}
