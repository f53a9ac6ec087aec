/**
 * Watches directories with inotify. Events only nudge: without them everything is still found, but later.
 *
 * Reports when watching is impaired: at a limit of the kernel, after an event was lost, and when a directory was
 * replaced or mounted over.
 */
import { type FSWatcher, type WatchEventType, watch as watchPath } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { errorCode } from '../../util/error-code.ts';
import { failureOf } from './failures.ts';
import type { Path } from './paths.ts';

/** Why changes are found late. Values of a label: public contract. */
export const WATCH_FAILURES = ['max_user_watches', 'max_user_instances', 'event_lost', 'other'] as const;
export type WatchFailure = (typeof WATCH_FAILURES)[number];

export interface WatchTarget {
  readonly directory: Path;
  /** The only entry whose changes matter; undefined if all do. */
  readonly name: string | undefined;
  readonly onChange: () => void;
  /** The watch may have missed events and was closed: refresh, and open it again. */
  readonly onStale: () => void;
}

/** A watch on a directory, open or closed. Only `Watches` changes it. */
export interface Watch extends WatchTarget {
  watcher: FSWatcher | undefined;
  /** An event came since the last refresh. */
  sawEvent: boolean;
}

export interface Watches {
  /** Returns whether the watch was closed and is open now. Reports a failure instead of throwing it. */
  readonly open: (watch: Watch) => boolean;
  readonly close: (watch: Watch) => void;
  /** Call after every refresh of the directory, with whether it found a change: an event should have announced it. */
  readonly confirm: (watch: Watch, foundChange: boolean) => void;
  /** Closes the watches that missed an event, and calls their `onStale`. Returns whether there were any. */
  readonly closeStale: () => Promise<boolean>;
  /** Number of open watches. */
  readonly count: () => number;
  /** After a limit was reached, no watch is opened until this is called. */
  readonly retry: () => void;
}

export interface WatchOptions {
  readonly onFailure: (reason: WatchFailure) => void;
  readonly isEnabled: boolean;
}

const LIMITS = new Map<string | undefined, WatchFailure>([
  ['ENOSPC', 'max_user_watches'],
  ['EMFILE', 'max_user_instances'],
  ['ENFILE', 'max_user_instances'],
]);

/** Shared by all watches. */
interface Shared extends WatchOptions {
  /** Watches without an event for a change that a refresh has found. It may still be on its way. */
  readonly unconfirmed: Set<Watch>;
  count: number;
  isLimited: boolean;
}

export function createWatch(target: WatchTarget): Watch {
  return { ...target, watcher: undefined, sawEvent: false };
}

function close(shared: Shared, watch: Watch): void {
  if (watch.watcher === undefined) return;
  watch.watcher.close();
  watch.watcher = undefined;
  shared.unconfirmed.delete(watch);
  shared.count -= 1;
}

function fail(shared: Shared, watch: Watch, error: unknown): void {
  close(shared, watch);
  if (failureOf(error).reason === 'vanished') return;
  const limit = LIMITS.get(errorCode(error));
  shared.isLimited ||= limit !== undefined;
  shared.onFailure(limit ?? 'other');
}

/** An event on the watched directory itself carries the name of the directory. */
function isOwnName(directory: Path, name: string): boolean {
  return directory.toString().endsWith(`/${name}`);
}

function handleEvent(shared: Shared, watch: Watch, event: WatchEventType, name: string): void {
  // The directory was removed, moved or unmounted: the watch gets no events of the one that replaces it.
  const isGone = event === 'rename' && isOwnName(watch.directory, name);
  if (isGone) close(shared, watch);
  else if (watch.name !== undefined && name !== watch.name) return;
  watch.sawEvent = true;
  watch.onChange();
}

function open(shared: Shared, watch: Watch): boolean {
  if (!shared.isEnabled || shared.isLimited || watch.watcher !== undefined) return false;
  try {
    watch.watcher = watchPath(watch.directory, { persistent: false, encoding: 'utf8' }, (event, name) => {
      handleEvent(shared, watch, event, name ?? '');
    });
  } catch (error) {
    fail(shared, watch, error);
    return false;
  }
  shared.count += 1;
  watch.watcher.on('error', (error) => fail(shared, watch, error));
  return true;
}

function confirm({ unconfirmed }: Shared, watch: Watch, foundChange: boolean): void {
  if (foundChange && !watch.sawEvent && watch.watcher !== undefined) unconfirmed.add(watch);
  watch.sawEvent = false;
}

/** An event that was on its way during the refresh arrives within a full turn of the event loop. */
async function closeStale(shared: Shared): Promise<boolean> {
  if (shared.unconfirmed.size === 0) return false;
  await setImmediate();
  await setImmediate();
  const stale = [...shared.unconfirmed].filter(({ sawEvent }) => !sawEvent);
  shared.unconfirmed.clear();
  for (const watch of stale) {
    shared.onFailure('event_lost');
    close(shared, watch);
    watch.onStale();
  }
  return stale.length > 0;
}

export function createWatches(options: WatchOptions): Watches {
  const shared: Shared = { ...options, unconfirmed: new Set(), count: 0, isLimited: false };
  return {
    open: (watch) => open(shared, watch),
    close: (watch) => close(shared, watch),
    confirm: (watch, foundChange) => confirm(shared, watch, foundChange),
    closeStale: () => closeStale(shared),
    count: () => shared.count,
    retry: () => {
      shared.isLimited = false;
    },
  };
}
