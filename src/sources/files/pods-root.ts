/**
 * Where the kubelet's pods directory really is, and whether an open file is below it.
 *
 * A path is checked after it was opened: a process that is root on the node may replace a directory by a link at any
 * moment before that.
 */
import { readlinkSync, realpathSync } from 'node:fs';
import { failureOf } from './failures.ts';
import type { Path } from './paths.ts';

export interface PodsRoot {
  /** Whether the open file is the one at the path: no part of the path below the pods directory was a link. */
  readonly holds: (descriptor: number, path: Path) => boolean;
}

/** The kernel appends it to the path of a file that was removed after it was opened. */
const REMOVED = Buffer.from(' (deleted)');

function realPathOf(directory: string): Buffer | undefined {
  try {
    // One system call. The JavaScript implementation would need permission for every parent directory.
    return realpathSync.native(directory, 'buffer');
  } catch (error) {
    failureOf(error);
    return undefined;
  }
}

/** The path that the kernel has for an open file. */
function pathOf(descriptor: number): Buffer {
  return readlinkSync(`/proc/self/fd/${descriptor}`, 'buffer');
}

/** `directory` may be a link itself, or lead through one: administrators move the kubelet's directories. */
export function createPodsRoot(directory: string): PodsRoot {
  const prefixLength = Buffer.byteLength(directory);
  let real = realPathOf(directory);
  const isSame = (actual: Buffer, path: Buffer): boolean => {
    if (real === undefined) return false;
    const expected = Buffer.concat([real, path.subarray(prefixLength)]);
    return actual.equals(expected) || actual.equals(Buffer.concat([expected, REMOVED]));
  };
  return {
    holds: (descriptor, path) => {
      const [actual, bytes] = [pathOf(descriptor), Buffer.from(path)];
      if (isSame(actual, bytes)) return true;
      // The directory may have been moved, or made, since.
      real = realPathOf(directory);
      return isSame(actual, bytes);
    },
  };
}
