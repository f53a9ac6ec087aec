/**
 * The folders that hold tokens: who is opened in them, from one drain to the next.
 *
 * The kernel merges an event with the one before it if both are the same, so that a drain now and then bounds what a busy
 * reader costs. Opens and closes alternate and are not merged: of a folder with many of them, only opens are watched.
 */
import type { ReadEvent } from '../../core/reads/read-event.ts';
import { err, type Result } from '../../util/result.ts';
import type { Inotify } from './inotify.ts';
import { IN, type InotifyEvent } from './inotify-events.ts';
import type { Errno } from './libc.ts';
import { type Drained, folderKey, type Target } from './protocol.ts';
import { createVolumeWalks, type Inside, type VolumeWalks } from './volume-walks.ts';

export interface Folder extends Inside {
  readonly path: string;
  /** The same for this folder in each generation. */
  readonly key: string;
  /** Number of files in it. */
  readonly files: number;
}

export interface Drain {
  readonly drained: readonly Drained[];
  readonly hasOverflowed: boolean;
}

export interface FolderWatches {
  /** Watches the folder of a volume, for walks through it. Returns the number of the watch. */
  readonly addVolume: (path: string) => Result<number, Errno | 'busy'>;
  /** Returns the number of the watch. A folder with more events than the kernel can queue is not watched again. */
  readonly add: (folder: Folder) => Result<number, Errno | 'busy'>;
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

interface Watched {
  readonly folder: Folder;
  swappedMs: number | undefined;
  events: ReadEvent[];
  isLossy: boolean;
  hasEnded: boolean;
  /** Whether the watch was removed. Its last event may still come. */
  isRemoved: boolean;
}

const FRESH = { isLossy: false, hasEnded: false, isRemoved: false };
const VOLUME_OPENED: ReadEvent = { kind: 'volume_opened', name: '' };
const FOLDER_OPENED: ReadEvent = { kind: 'folder_opened', name: '' };

/** What a drain keeps of one folder: several visits of the kubelet, which opens and closes each file once. */
function limitOf({ files }: Folder): number {
  return 128 + 8 * files;
}

/** Equal events of one drain are the same object, so that a report has it once. */
function createEventOf() {
  const files = new Map<string, readonly [opened: ReadEvent, closed: ReadEvent]>();
  const add = (name: string) => {
    const events = [{ kind: 'opened', name } as const, { kind: 'closed', name } as const] as const;
    files.set(name, events);
    return events;
  };
  const fileEvent = (name: string, isOpen: boolean): ReadEvent => {
    const [opened, closed] = files.get(name) ?? add(name);
    return isOpen ? opened : closed;
  };
  /** Undefined for events of folders in the folder. */
  const eventOf = ({ mask, name }: InotifyEvent): ReadEvent | undefined => {
    const isOpen = (mask & IN.open) !== 0;
    if ((mask & IN.isDirectory) !== 0) return name === '' && isOpen ? FOLDER_OPENED : undefined;
    return isOpen || (mask & IN.closeNoWrite) !== 0 ? fileEvent(name, isOpen) : undefined;
  };
  return eventOf;
}

type EventOf = ReturnType<typeof createEventOf>;

/** One drain after the other, of the same folders. */
interface State {
  readonly inotify: Inotify;
  readonly watched: Map<number, Watched>;
  /** The watches that have something to report. */
  readonly touched: Set<number>;
  readonly walks: VolumeWalks;
  /** Keys of folders of which only opens are watched, and of those for which this is still too much. */
  readonly busy: Set<string>;
  readonly tooBusy: Set<string>;
}

function remove({ inotify, watched }: State, watch: number): void {
  inotify.remove(watch);
  const found = watched.get(watch);
  if (found !== undefined) found.isRemoved = true;
}

/** The folder has had more events than a drain keeps. */
function slowDown(state: State, watch: number, { folder, isRemoved }: Watched): void {
  const { inotify, busy, tooBusy } = state;
  // The folder would be watched again.
  if (isRemoved) return;
  if (busy.has(folder.key)) {
    tooBusy.add(folder.key);
    remove(state, watch);
    return;
  }
  busy.add(folder.key);
  inotify.add(folder.path, IN.open);
}

function keep(state: State, watch: number, found: Watched, event: ReadEvent): void {
  state.touched.add(watch);
  if (found.events.length < limitOf(found.folder)) found.events.push(event);
  else if (!found.isLossy) {
    found.isLossy = true;
    slowDown(state, watch, found);
  }
}

function addEvent(state: State, event: InotifyEvent, found: Watched, eventOf: EventOf): void {
  if ((event.mask & IN.ignored) !== 0) {
    state.touched.add(event.watch);
    found.hasEnded = true;
    return;
  }
  const kept = eventOf(event);
  if (kept !== undefined) keep(state, event.watch, found, kept);
}

/** A walk is seen at the volume's folder right before it opens those in it. */
function addAny(state: State, event: InotifyEvent, eventOf: EventOf): void {
  const { watched, walks } = state;
  const found = watched.get(event.watch);
  if (found !== undefined) {
    addEvent(state, event, found, eventOf);
    return;
  }
  for (const watch of walks.follow(event)) {
    const inside = watched.get(watch);
    if (inside !== undefined) keep(state, watch, inside, VOLUME_OPENED);
  }
}

/** Every folder may have had events that are lost, and the last one of those whose watch was removed. */
function loseAll({ watched, touched }: State): void {
  for (const [watch, one] of watched) {
    one.isLossy = true;
    one.hasEnded ||= one.isRemoved;
    touched.add(watch);
  }
}

/** Without walks, their opens would look like those of the kubelet's syncs. */
function endBlind(state: State, watches: readonly number[]): void {
  for (const watch of watches) {
    const found = state.watched.get(watch);
    if (found === undefined) continue;
    found.isLossy = true;
    state.touched.add(watch);
    remove(state, watch);
  }
}

/** Returns what has come for the folders, and clears it. */
function collect({ watched, touched, walks }: State, nowMs: number): readonly Drained[] {
  const drained: Drained[] = [];
  for (const watch of touched) {
    const one = watched.get(watch);
    if (one === undefined) continue;
    const { folder, events, isLossy, hasEnded, swappedMs } = one;
    const sinceSwapMs = swappedMs === undefined ? undefined : nowMs - swappedMs;
    drained.push({ watch, events, isLossy, hasEnded, sinceSwapMs });
    one.events = [];
    one.isLossy = false;
    if (!hasEnded) continue;
    watched.delete(watch);
    walks.remove(watch, folder);
  }
  touched.clear();
  return drained;
}

function drain(state: State, nowMs: number): Drain {
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

function addFolder(state: State, folder: Folder): Result<number, Errno | 'busy'> {
  const { inotify, watched, walks, busy, tooBusy } = state;
  if (tooBusy.has(folder.key)) return err('busy');
  // The volume was unmounted, or is opened too often.
  if (!walks.isWatched(folder.volume)) return err('ENOENT');
  const mask = busy.has(folder.key) ? IN.open : IN.open | IN.closeNoWrite;
  const added = inotify.add(folder.path, mask);
  if (!added.ok) return added;
  watched.set(added.value, { folder, swappedMs: undefined, events: [], ...FRESH });
  walks.add(added.value, folder);
  return added;
}

function forget({ walks, busy, tooBusy }: State, { id, folder, holders }: Target): void {
  walks.forget(folder);
  for (const key of holders.map((holder) => folderKey(id, holder))) {
    busy.delete(key);
    tooBusy.delete(key);
  }
}

export function createFolderWatches(inotify: Inotify, monotonicMs: () => number): FolderWatches {
  const state: State = {
    inotify,
    watched: new Map(),
    touched: new Set(),
    walks: createVolumeWalks(inotify),
    busy: new Set(),
    tooBusy: new Set(),
  };
  const { watched, walks } = state;
  return {
    addVolume: walks.watch,
    add: (folder) => addFolder(state, folder),
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
