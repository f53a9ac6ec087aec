/**
 * Watches folders and says when to look again. Events are hints: everything is right without them, only later.
 *
 * Tells where hints fail to come: at the kernel's limits, and where it dropped some silently or the folder is no
 * longer the one that is watched. Knows nothing of tokens.
 */
import { type FSWatcher, type WatchEventType, watch } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { failureOf } from './failures.ts';
import type { Path } from './paths.ts';

/** Why watching is slower than it could be. Values of a label: public contract. */
export const WATCH_FAILURES = ['max_user_watches', 'max_user_instances', 'event_lost', 'other'] as const;
export type WatchFailure = (typeof WATCH_FAILURES)[number];

export interface WatchedFolder {
  readonly folder: Path;
  /** The one name in the folder whose changes matter; undefined where all do. */
  readonly name: string | undefined;
  readonly onChange: () => void;
  /** The watch may never speak again and was closed: look, and lay it anew. */
  readonly onDeaf: () => void;
}

/** A watch on a folder, open or not: to be handed to the functions of `Watches`. */
export interface Watch extends WatchedFolder {
  watcher: FSWatcher | undefined;
  /** An event has come since the last look. */
  isAnnounced: boolean;
}

export interface Watches {
  /** Lays a watch; answers whether it lies only since now. A failure is reported, not thrown. */
  readonly open: (watch: Watch) => boolean;
  readonly close: (watch: Watch) => void;
  /** To be told after every look at the folder: whether it found a change. */
  readonly looked: (watch: Watch, isChanged: boolean) => void;
  /** Finds the watches that stay silent on a change which a look has found. */
  readonly settle: () => Promise<void>;
  /** How many are open. */
  readonly count: () => number;
  /** After a limit was reached no watch is laid until this is called. */
  readonly retry: () => void;
}

export interface WatchOptions {
  readonly onFailure: (reason: WatchFailure) => void;
  readonly isEnabled: boolean;
}

const LIMITS = new Map<string, WatchFailure>([
  ['ENOSPC', 'max_user_watches'],
  ['EMFILE', 'max_user_instances'],
  ['ENFILE', 'max_user_instances'],
]);

/** What all watches share. */
interface Shared extends WatchOptions {
  /** Watches that have not announced a change which a look has found. */
  readonly suspects: Set<Watch>;
  count: number;
  isLimited: boolean;
}

export function createWatch(watched: WatchedFolder): Watch {
  return { ...watched, watcher: undefined, isAnnounced: false };
}

function close(shared: Shared, watch: Watch): void {
  if (watch.watcher === undefined) return;
  watch.watcher.close();
  watch.watcher = undefined;
  shared.suspects.delete(watch);
  shared.count -= 1;
}

function fail(shared: Shared, watch: Watch, error: unknown): void {
  close(shared, watch);
  const { reason, detail } = failureOf(error);
  if (reason === 'vanished') return;
  const limit = LIMITS.get(detail);
  shared.isLimited ||= limit !== undefined;
  shared.onFailure(limit ?? 'other');
}

/** The kernel's event on the folder itself comes under the folder's own name. */
function isOwnName(folder: Path, name: string): boolean {
  return folder.toString().endsWith(`/${name}`);
}

function hear(shared: Shared, watch: Watch, event: WatchEventType, name: string): void {
  // The folder was removed, moved away or unmounted: this watch never speaks of what comes in its place.
  const isGone = event === 'rename' && isOwnName(watch.folder, name);
  if (isGone) close(shared, watch);
  else if (watch.name !== undefined && name !== watch.name) return;
  watch.isAnnounced = true;
  watch.onChange();
}

function open(shared: Shared, laid: Watch): boolean {
  if (!shared.isEnabled || shared.isLimited || laid.watcher !== undefined) return false;
  try {
    laid.watcher = watch(laid.folder, { persistent: false, encoding: 'utf8' }, (event, name) => {
      hear(shared, laid, event, name ?? '');
    });
  } catch (error) {
    fail(shared, laid, error);
    return false;
  }
  shared.count += 1;
  laid.watcher.on('error', (error) => fail(shared, laid, error));
  return true;
}

function looked({ suspects }: Shared, watch: Watch, isChanged: boolean): void {
  if (isChanged && !watch.isAnnounced && watch.watcher !== undefined) suspects.add(watch);
  watch.isAnnounced = false;
}

/** An event that was on its way during the look has arrived after a whole turn of the event loop; a lost one never does. */
async function settle(shared: Shared): Promise<void> {
  if (shared.suspects.size === 0) return;
  await setImmediate();
  await setImmediate();
  const deaf = [...shared.suspects].filter(({ isAnnounced }) => !isAnnounced);
  shared.suspects.clear();
  for (const watch of deaf) {
    shared.onFailure('event_lost');
    close(shared, watch);
    watch.onDeaf();
  }
}

export function createWatches(options: WatchOptions): Watches {
  const shared: Shared = { ...options, suspects: new Set(), count: 0, isLimited: false };
  return {
    open: (watch) => open(shared, watch),
    close: (watch) => close(shared, watch),
    looked: (watch, isChanged) => looked(shared, watch, isChanged),
    settle: () => settle(shared),
    count: () => shared.count,
    retry: () => {
      shared.isLimited = false;
    },
  };
}
