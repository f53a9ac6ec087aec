/**
 * Lists directories, without following symbolic links.
 */
import { type Dirent, lstatSync, readdirSync, type Stats } from 'node:fs';
import { err, ok, type Result } from '../../util/result.ts';
import { type Failure, failureOf, NO_SUCH_FILE, NOT_A_DIRECTORY } from './failures.ts';
import { type Name, nameOf, type Path } from './paths.ts';

export interface Entry extends Name {
  readonly kind: 'directory' | 'file' | 'link' | 'other';
}

export type Listing = Result<readonly Entry[], Failure>;

/** The size of a directory of more than 50,000 names. It is not listed. */
const MAX_DIRECTORY_BYTES = 1024 * 1024;
/** File systems take timestamps from a clock that ticks every few milliseconds. */
const CLOCK_TICK_MS = 100;
/** Some keep no fraction of a second. */
const SECOND_MS = 1_000;

/** One object, so that a cached listing compares equal while its directory is missing. */
const MISSING = err(NO_SUCH_FILE);
const TOO_LARGE = err<Failure>({ reason: 'too_many_files', detail: 'too many names to list' });

function kindOf(entry: Dirent): Entry['kind'] {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'directory';
  return entry.isSymbolicLink() ? 'link' : 'other';
}

function entryOf(dirent: Dirent): Entry {
  const { raw, name } = nameOf(dirent.name);
  return { raw, name, kind: kindOf(dirent) };
}

/** Fails if there is no directory at the path, or one too large to list. */
export function statDirectory(path: Path): Result<Stats, Failure> {
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return MISSING;
    if (!stats.isDirectory()) return err(NOT_A_DIRECTORY);
    return stats.size > MAX_DIRECTORY_BYTES ? TOO_LARGE : ok(stats);
  } catch (error) {
    return err(failureOf(error));
  }
}

/** Lists a directory that `statDirectory` accepted. */
export function listDirectory(path: Path): Listing {
  try {
    const entries = readdirSync(path, { withFileTypes: true, encoding: 'latin1' });
    return ok(entries.map(entryOf));
  } catch (error) {
    return err(failureOf(error));
  }
}

/** Whether a change after `nowMs` gets another ctime than the one at `changedMs`. */
export function isSettled(changedMs: number, nowMs: number): boolean {
  const resolutionMs = changedMs % SECOND_MS === 0 ? SECOND_MS : 0;
  return changedMs + resolutionMs < nowMs - CLOCK_TICK_MS;
}

/**
 * Creates a function that lists a directory, and returns the same object at the cost of one `lstat` while the
 * directory is unchanged.
 *
 * Compares the change time (ctime), which no process can set and which a rename renews. A second change within one
 * tick of the clock leaves the ctime as it is, so a listing made that soon after a change is not cached. `nowMs` is
 * the wall clock, from which the file system takes its timestamps.
 */
export function createCachedListing(path: Path): (nowMs: number) => Listing {
  let cached: { readonly changedMs: number; readonly listing: Listing } | undefined;
  return (nowMs) => {
    const directory = statDirectory(path);
    if (!directory.ok) {
      cached = undefined;
      return directory;
    }
    const changedMs = directory.value.ctimeMs;
    if (cached?.changedMs === changedMs) return cached.listing;
    const listing = listDirectory(path);
    cached = listing.ok && isSettled(changedMs, nowMs) ? { changedMs, listing } : undefined;
    return listing;
  };
}
