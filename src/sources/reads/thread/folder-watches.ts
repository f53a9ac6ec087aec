/**
 * The folders that hold tokens: who is opened in them, from one drain to the next.
 *
 * The kernel merges an event with the one before it if both are the same, so that a drain now and then bounds what a busy
 * reader costs.
 */

import { err, type Result } from '../../../util/result.ts';
import { type Drained, folderKey, type Target } from '../protocol.ts';
import { addEarly, begin, type EarlyWatch, endWriting, isOwn, type NewFolder } from './early-watches.ts';
import type { Inotify } from './inotify.ts';
import { IN, type InotifyEvent } from './inotify-events.ts';
import { createEventOf, type EventOf, keep, VOLUME_OPENED } from './kept-events.ts';
import type { Errno, Libc } from './libc.ts';
import {
  createWatchedFolders,
  type Folder,
  FRESH,
  MASK,
  remove,
  type WatchedFolder,
  type WatchedFolders,
} from './watched-folders.ts';

export interface Drain {
  readonly drained: readonly Drained[];
  readonly hasOverflowed: boolean;
}

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
  readonly monotonicMs: () => number;
}

function addEvent(state: WatchedFolders, event: InotifyEvent, found: WatchedFolder, eventOf: EventOf): void {
  if ((event.mask & IN.ignored) !== 0) {
    state.touched.add(event.watch);
    found.hasEnded = true;
    return;
  }
  const kept = eventOf(event);
  if (kept !== undefined && !isOwn(found, kept)) keep(state, event.watch, found, kept);
}

/** A walk is seen at the volume's folder right before it opens those in it. */
function addAny(state: WatchedFolders, event: InotifyEvent, eventOf: EventOf): void {
  const { watched, walks } = state;
  const found = watched.get(event.watch);
  if (found !== undefined) {
    addEvent(state, event, found, eventOf);
    return;
  }
  if ((event.mask & IN.movedTo) !== 0 && event.name === '..data') endWriting(state, event.watch);
  for (const watch of walks.follow(event)) {
    const inside = watched.get(watch);
    if (inside !== undefined && !inside.isWritten) keep(state, watch, inside, VOLUME_OPENED);
  }
}

/** Every folder may have had events that are lost, and the last one of those whose watch was removed. */
function loseAll({ watched, touched }: WatchedFolders): void {
  for (const [watch, one] of watched) {
    one.isLossy = true;
    one.hasEnded ||= one.isRemoved;
    touched.add(watch);
  }
}

/** Without walks, their opens would look like those of the kubelet's syncs. */
function endBlind(state: WatchedFolders, watches: readonly number[]): void {
  for (const watch of watches) {
    const found = state.watched.get(watch);
    if (found === undefined) continue;
    found.isLossy = true;
    state.touched.add(watch);
    remove(state, watch);
  }
}

/** What has come for a folder, which is cleared. Undefined if that is nothing, or not to be reported yet. */
function takeFrom(watch: number, one: WatchedFolder, nowMs: number): Drained | undefined {
  const { events, isLossy, hasEnded, swappedMs, isKeptBack } = one;
  if (isKeptBack) return undefined;
  // The event of the swap may have been lost. The kubelet has closed all files before that.
  one.isWritten = false;
  one.isFresh = false;
  if (events.length === 0 && !isLossy && !hasEnded) return undefined;
  one.events = [];
  one.isLossy = false;
  const sinceSwapMs = swappedMs === undefined ? undefined : nowMs - swappedMs;
  return { watch, events, isLossy, hasEnded, sinceSwapMs };
}

/** Returns what has come for the folders, and clears it. */
function collect(state: WatchedFolders, nowMs: number): readonly Drained[] {
  const { watched, touched, walks } = state;
  // A set that was cleared keeps its earlier memory alive until a full garbage collection.
  state.touched = new Set();
  const drained: Drained[] = [];
  for (const watch of touched) {
    const one = watched.get(watch);
    if (one === undefined) continue;
    const taken = takeFrom(watch, one, nowMs);
    if (taken !== undefined) drained.push(taken);
    if (!one.hasEnded) continue;
    watched.delete(watch);
    walks.remove(watch, one.folder);
  }
  return drained;
}

function drain(state: WatchedFolders, nowMs: number): Drain {
  const eventOf = createEventOf();
  let hasOverflowed = false;
  for (const event of state.inotify.take()) {
    addAny(state, event, eventOf);
    hasOverflowed ||= (event.mask & IN.overflow) !== 0;
  }
  if (hasOverflowed) loseAll(state);
  endBlind(state, state.walks.endDrain(nowMs));
  return { drained: collect(state, nowMs), hasOverflowed };
}

function addFolder(state: WatchedFolders, folder: Folder): Result<number, Errno | 'busy'> {
  const { inotify, watched, touched, walks, busy, tooBusy } = state;
  if (tooBusy.has(folder.key)) return err('busy');
  // The volume was unmounted, or is opened too often.
  if (!walks.isWatched(folder.volume)) return err('ENOENT');
  const mask = busy.has(folder.key) ? IN.open : MASK;
  const added = inotify.add(folder.path, mask);
  if (!added.ok) return added;
  watched.set(added.value, { folder, events: [], ...FRESH });
  touched.add(added.value);
  walks.add(added.value, folder);
  return added;
}

function forget({ walks, busy, tooBusy }: WatchedFolders, { id, folder, holders }: Target): void {
  walks.forget(folder);
  for (const key of holders.map((holder) => folderKey(id, holder))) {
    busy.delete(key);
    tooBusy.delete(key);
  }
}

export function createFolderWatches({ inotify, libc, monotonicMs }: FolderWatchesOptions): FolderWatches {
  const state = createWatchedFolders({ inotify, libc });
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
