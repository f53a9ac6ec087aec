/**
 * Lists folders, as plain entries with their kind; links are never followed.
 *
 * `createCachedFolder` lists a folder again only where it may have changed. Knows nothing of what is in them.
 */
import { type Dirent, lstatSync, readdirSync, type Stats } from 'node:fs';
import { type Failure, failureOf } from './failures.ts';
import { join, type Name, nameOf, type Path } from './paths.ts';

export interface Entry extends Name {
  readonly kind: 'directory' | 'file' | 'link' | 'other';
}

export type Listing =
  | { readonly ok: true; readonly entries: readonly Entry[] }
  | ({ readonly ok: false } & Failure);

/** A folder that takes this much to describe itself holds more than 50,000 names; it is not even listed. */
const MAX_FOLDER_BYTES = 1024 * 1024;
/** File systems stamp changes with a clock that ticks every few milliseconds. */
const CLOCK_TICK_MS = 100;

function kindOf(entry: Dirent): Entry['kind'] {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'directory';
  return entry.isSymbolicLink() ? 'link' : 'other';
}

function listEntries(path: Path): Listing {
  try {
    const entries = readdirSync(path, { withFileTypes: true, encoding: 'latin1' });
    return { ok: true, entries: entries.map((entry) => ({ ...nameOf(entry.name), kind: kindOf(entry) })) };
  } catch (error) {
    return { ok: false, ...failureOf(error) };
  }
}

/** What `lstat` says of a folder; a failure where it is none, or too large to list. */
export function statFolder(
  path: Path,
): { readonly ok: true; readonly stats: Stats } | ({ readonly ok: false } & Failure) {
  try {
    const stats = lstatSync(path);
    if (!stats.isDirectory()) return { ok: false, reason: 'not_a_directory', detail: 'not a folder' };
    if (stats.size > MAX_FOLDER_BYTES)
      return { ok: false, reason: 'too_many_files', detail: 'too many names to list' };
    return { ok: true, stats };
  } catch (error) {
    return { ok: false, ...failureOf(error) };
  }
}

/** Lists a folder; refuses a link, and a folder with too many names. */
export function listFolder(path: Path): Listing {
  const found = statFolder(path);
  return found.ok ? listEntries(path) : found;
}

export interface CachedFolder {
  readonly path: Path;
  /** Lists the folder, at the cost of one `lstat` where nothing changed. `nowMs` is the wall clock. */
  readonly list: (nowMs: number) => Listing;
}

/**
 * A folder whose listing is kept while its modification time stays the same.
 *
 * A change in the tick of the clock in which we looked leaves no trace in that time, so a listing made that
 * soon after a change is not kept.
 */
export function createCachedFolder(parent: Path, name: Path): CachedFolder {
  const path = join(parent, name);
  let kept: { readonly stamp: number; readonly listing: Listing } | undefined;
  const list = (nowMs: number): Listing => {
    const found = statFolder(path);
    if (!found.ok) {
      kept = undefined;
      return found;
    }
    const stamp = found.stats.mtimeMs;
    if (kept?.stamp === stamp) return kept.listing;
    const listing = listEntries(path);
    kept = listing.ok && stamp < nowMs - CLOCK_TICK_MS ? { stamp, listing } : undefined;
    return listing;
  };
  return { path, list };
}
