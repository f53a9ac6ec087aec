/**
 * A drain: takes the queue of events, and reports what has come for each folder since the one before.
 */
import type { Drained } from '../protocol.ts';
import { endWriting, isOwn } from './early-watches.ts';
import { IN, type InotifyEvent } from './inotify-events.ts';
import { createEventOf, type EventOf, keep, VOLUME_OPENED } from './kept-events.ts';
import { remove, type WatchedFolder, type WatchedFolders } from './watched-folders.ts';

export interface Drain {
  readonly drained: readonly Drained[];
  readonly hasOverflowed: boolean;
  /** When the drain was in which the first event came that is left for the next one; undefined if none is. */
  readonly keptSinceMs: number | undefined;
}

const NONE: ReadonlySet<number> = new Set();

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

function loseOne({ watched, touched }: WatchedFolders, watch: number): void {
  const one = watched.get(watch);
  if (one === undefined) return;
  one.isLossy = true;
  touched.add(watch);
}

/** Every folder may have had events that are lost. */
function loseAll({ watched, touched }: WatchedFolders): void {
  for (const [watch, one] of watched) {
    one.isLossy = true;
    touched.add(watch);
  }
}

/** The watches that were removed before the queue is taken. */
function takeRemoved(state: WatchedFolders): ReadonlySet<number> {
  const { removed } = state;
  if (removed.size === 0) return NONE;
  state.removed = new Set();
  return removed;
}

/** The kernel queues the last event of a watch by the time that it is removed: what has not come was lost. */
function endRemoved({ watched, touched, walks }: WatchedFolders, removed: ReadonlySet<number>): void {
  for (const watch of removed) {
    walks.end(watch);
    const one = watched.get(watch);
    if (one === undefined || one.hasEnded) continue;
    one.isLossy = true;
    one.hasEnded = true;
    touched.add(watch);
  }
}

/** Without walks, their opens would look like those of the kubelet's syncs. */
function endBlind(state: WatchedFolders, watches: readonly number[]): void {
  for (const watch of watches) {
    loseOne(state, watch);
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

export function drain(state: WatchedFolders, nowMs: number): Drain {
  const eventOf = createEventOf();
  const removed = takeRemoved(state);
  let hasOverflowed = false;
  const { events, doubtful } = state.commands.strip(state.inotify.take(), nowMs);
  for (const event of events) {
    addAny(state, event, eventOf);
    hasOverflowed ||= (event.mask & IN.overflow) !== 0;
  }
  if (hasOverflowed) loseAll(state);
  endRemoved(state, removed);
  for (const watch of doubtful) loseOne(state, watch);
  endBlind(state, state.walks.endDrain(nowMs));
  return { drained: collect(state, nowMs), hasOverflowed, keptSinceMs: state.commands.keptSinceMs() };
}
