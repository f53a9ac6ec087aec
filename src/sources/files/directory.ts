/**
 * Lists folders, as plain entries with their kind; links are never followed.
 *
 * `createCachedList` lists a folder again only where it may have changed. Knows nothing of what is in them.
 */
import { type Dirent, lstatSync, readdirSync, type Stats } from 'node:fs';
import { type Failure, failureOf } from './failures.ts';
import { type Name, nameOf, type Path } from './paths.ts';

export interface Entry extends Name {
  readonly kind: 'directory' | 'file' | 'link' | 'other';
}

export type Listing =
  | { readonly ok: true; readonly entries: readonly Entry[] }
  | ({ readonly ok: false } & Failure);

export type FolderStats = { readonly ok: true; readonly stats: Stats } | ({ readonly ok: false } & Failure);

/** A folder that takes this much to describe itself holds more than 50,000 names; it is not even listed. */
const MAX_FOLDER_BYTES = 1024 * 1024;
/** File systems stamp changes with a clock that ticks every few milliseconds. */
const CLOCK_TICK_MS = 100;

/** One object, so that a folder which is still missing compares equal. */
const MISSING = { ok: false, reason: 'vanished', detail: 'ENOENT' } as const;

function kindOf(entry: Dirent): Entry['kind'] {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'directory';
  return entry.isSymbolicLink() ? 'link' : 'other';
}

function entryOf(dirent: Dirent): Entry {
  const { raw, name } = nameOf(dirent.name);
  return { raw, name, kind: kindOf(dirent) };
}

/** What `lstat` says of a folder; a failure where it is none, or too large to list. */
export function statFolder(path: Path): FolderStats {
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return MISSING;
    if (!stats.isDirectory()) return { ok: false, reason: 'not_a_directory', detail: 'not a folder' };
    if (stats.size > MAX_FOLDER_BYTES)
      return { ok: false, reason: 'too_many_files', detail: 'too many names to list' };
    return { ok: true, stats };
  } catch (error) {
    return { ok: false, ...failureOf(error) };
  }
}

/** Lists a folder that `statFolder` found good. */
export function listFolder(path: Path): Listing {
  try {
    const entries = readdirSync(path, { withFileTypes: true, encoding: 'latin1' });
    return { ok: true, entries: entries.map(entryOf) };
  } catch (error) {
    return { ok: false, ...failureOf(error) };
  }
}

/**
 * Lists a folder again and again: the same object at the cost of one `lstat` while it stays as it was.
 *
 * A folder is as it was while its time of change is the same, which nobody can set and a rename renews. A change
 * within one tick of the clock leaves no trace in that time, so a listing made that soon after one is not kept.
 * `nowMs` is the wall clock, the one the file system has its times from.
 */
export function createCachedList(path: Path): (nowMs: number) => Listing {
  let kept: { readonly changedMs: number; readonly listing: Listing } | undefined;
  return (nowMs) => {
    const found = statFolder(path);
    if (!found.ok) {
      kept = undefined;
      return found;
    }
    const changedMs = found.stats.ctimeMs;
    if (kept?.changedMs === changedMs) return kept.listing;
    const listing = listFolder(path);
    const isSettled = listing.ok && changedMs < nowMs - CLOCK_TICK_MS;
    kept = isSettled ? { changedMs, listing } : undefined;
    return listing;
  };
}
