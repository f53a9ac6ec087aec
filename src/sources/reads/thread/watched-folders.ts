/**
 * The folders that are watched, and what has come for each since the last drain.
 */
import type { ReadEvent } from '../../../core/reads/read-event.ts';
import { type CommandVisits, createCommandVisits } from './command-visits.ts';
import type { Inotify } from './inotify.ts';
import { IN } from './inotify-events.ts';
import type { Libc } from './libc.ts';
import { createVolumeWalks, type Inside, type VolumeWalks } from './volume-walks.ts';

export interface Folder extends Inside {
  readonly path: string;
  /** The same for this folder in each generation. */
  readonly key: string;
  /** Number of files in it. */
  readonly files: number;
}

export interface WatchedFolder {
  folder: Folder;
  swappedMs: number | undefined;
  events: ReadEvent[];
  isLossy: boolean;
  hasEnded: boolean;
  /** Whether the watch was removed. Its last event may still come. */
  isRemoved: boolean;
  /** Whether it is not reported yet. */
  isKeptBack: boolean;
  /** Whether its generation is being written: only the kubelet opens its files. */
  isWritten: boolean;
  /** Whether nothing was reported since it began: the event of its swap may still come. */
  isFresh: boolean;
  /** Number of opens of the folder to come that are those of the thread. */
  ownOpens: number;
}

/** The events of a folder that is not busy. */
export const MASK = IN.open | IN.closeNoWrite;

export const FRESH = {
  swappedMs: undefined,
  isLossy: false,
  hasEnded: false,
  isRemoved: false,
  isKeptBack: false,
  isWritten: false,
  isFresh: true,
  ownOpens: 0,
};

/** From one drain to the next. */
export interface WatchedFolders {
  readonly inotify: Inotify;
  readonly libc: Pick<Libc, 'readLink'>;
  readonly watched: Map<number, WatchedFolder>;
  /** The watches that have something to report. */
  touched: Set<number>;
  /** The watches that were removed since the last queue was taken, also those of volumes. */
  removed: Set<number>;
  readonly walks: VolumeWalks;
  readonly commands: CommandVisits;
  /** Keys of folders of which only opens are watched, and of those for which this is still too much. */
  readonly busy: Set<string>;
  readonly tooBusy: Set<string>;
}

export function remove({ inotify, watched, removed }: WatchedFolders, watch: number): void {
  inotify.remove(watch);
  removed.add(watch);
  const found = watched.get(watch);
  if (found !== undefined) found.isRemoved = true;
}

interface WatchedFoldersOptions extends Pick<WatchedFolders, 'inotify' | 'libc'> {
  /** The folder of the program. */
  readonly program: string;
}

export function createWatchedFolders({ inotify, libc, program }: WatchedFoldersOptions): WatchedFolders {
  const watched: WatchedFolders['watched'] = new Map();
  const folderOf = (watch: number) => watched.get(watch)?.folder;
  return {
    inotify,
    libc,
    watched,
    touched: new Set(),
    removed: new Set(),
    walks: createVolumeWalks(inotify),
    commands: createCommandVisits({ inotify, program, folderOf }),
    busy: new Set(),
    tooBusy: new Set(),
  };
}
