/**
 * Where the kubelet's pods directory really is, and whether an open file is below it.
 *
 * A path is checked after it was opened: a process that is root on the node may replace a directory by a link at any
 * moment before that.
 */
import { readlinkSync, realpathSync, type Stats } from 'node:fs';
import { failureOf } from '../failures.ts';
import type { Path } from '../paths.ts';

/** Callbacks for the exporter's own opens of files and directories. */
export interface OpenListener {
  /** One is about to be opened. */
  readonly opening: () => void;
  readonly openedFile: (path: Path, stats: Stats) => void;
  readonly openedDirectory: (path: Path) => void;
  /** Set if the exporter opens files only as the kubelet does: a folder first, and then every file in it. */
  readonly visits?: Visits;
}

/** Called before and after a visit. Visits may overlap. */
export interface Visits {
  readonly begin: () => void;
  readonly end: () => void;
}

export interface PodsRoot {
  readonly opens?: OpenListener | undefined;
  /** Whether the open file is the one at the path: no part of the path below the pods directory was a link. */
  readonly holds: (descriptor: number, path: Path) => boolean;
  /** The real path of what is at a path below the pods directory; undefined if that is not known. */
  readonly realPath: (path: Path) => string | undefined;
}

/** The kernel appends it to the path of a file that was removed after it was opened. */
const REMOVED = ' (deleted)';

/** Paths in latin1, one character per byte, are compared faster than buffers. */
function realPathOf(directory: string): string | undefined {
  try {
    // One system call. The JavaScript implementation would need permission for every parent directory.
    return realpathSync.native(directory, 'buffer').toString('latin1');
  } catch (error) {
    failureOf(error);
    return undefined;
  }
}

/** The path that the kernel has for an open file. */
function pathOf(descriptor: number): string {
  return readlinkSync(`/proc/self/fd/${descriptor}`, 'latin1');
}

/** `directory` may be a link itself, or lead through one: administrators move the kubelet's directories. */
export function createPodsRoot(directory: string, opens?: OpenListener): PodsRoot {
  const prefixBytes = Buffer.byteLength(directory);
  let real = realPathOf(directory);
  /** The part of the path below the directory. Only a buffer has other characters than ASCII there. */
  const below = (path: Path): string =>
    typeof path === 'string' ? path.slice(directory.length) : path.toString('latin1', prefixBytes);
  const isSame = (actual: string, path: string): boolean => {
    if (real === undefined || !actual.startsWith(real)) return false;
    const length = actual.length - real.length;
    if (length === path.length) return actual.endsWith(path);
    return length === path.length + REMOVED.length && actual.endsWith(path + REMOVED);
  };
  return {
    opens,
    realPath: (path) => (real === undefined ? undefined : real + below(path)),
    holds: (descriptor, path) => {
      const [actual, expected] = [pathOf(descriptor), below(path)];
      if (isSame(actual, expected)) return true;
      // The directory may have been moved, or made, since.
      real = realPathOf(directory);
      return isSame(actual, expected);
    },
  };
}
