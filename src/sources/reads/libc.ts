/**
 * The system calls that Node.js has no API for: inotify(7) with any mask, and poll(2).
 *
 * The only file that uses foreign functions. No pointer leaves it, and each one points to memory that this file owns
 * during the call.
 */
import { dlopen, getInt32, getRawPointer } from 'node:ffi';
import { constants } from 'node:os';
import { err, ok, type Result } from '../../util/result.ts';

/** Errors of system calls that have a meaning here. */
export type Errno = 'EMFILE' | 'ENFILE' | 'ENOENT' | 'ENOSPC' | 'ENOTDIR' | 'other';

export interface Libc {
  /** Returns a descriptor that does not block. */
  readonly inotifyInit: () => Result<number, Errno>;
  /** Returns the number of the watch: the same one if the folder is watched already. */
  readonly inotifyAddWatch: (descriptor: number, path: string, mask: number) => Result<number, Errno>;
  /** Does nothing if there is no such watch. */
  readonly inotifyRemoveWatch: (descriptor: number, watch: number) => void;
  /** Blocks the thread until the descriptor can be read, or the timeout has passed. Returns whether it can be read. */
  readonly poll: (descriptor: number, timeoutMs: number) => boolean;
}

/** IN_CLOEXEC and IN_NONBLOCK, on every platform with `node:ffi` (linux/include/uapi/asm-generic/fcntl.h). */
const INIT_FLAGS = 0o2_000_000 | 0o4_000;
const POLLIN = 1;
/** struct pollfd: int fd, short events, short revents. */
const POLLFD_BYTES = 8;
const MAX_PATH_BYTES = 4_096;

const { EMFILE, ENFILE, ENOENT, ENOSPC, ENOTDIR } = constants.errno;
const ERRNOS = new Map<number, Errno>([
  [EMFILE, 'EMFILE'],
  [ENFILE, 'ENFILE'],
  [ENOENT, 'ENOENT'],
  [ENOSPC, 'ENOSPC'],
  [ENOTDIR, 'ENOTDIR'],
]);

/** Both libraries that Node.js is linked to, glibc and musl, have all of these. */
function loadFunctions() {
  const { functions } = dlopen(null, {
    inotify_init1: { arguments: ['int32'], return: 'int32' },
    inotify_add_watch: { arguments: ['int32', 'pointer', 'uint32'], return: 'int32' },
    inotify_rm_watch: { arguments: ['int32', 'int32'], return: 'int32' },
    poll: { arguments: ['pointer', 'uint64', 'int32'], return: 'int32' },
    __errno_location: { arguments: [], return: 'pointer' },
  });
  return functions;
}

/** Loads the functions for this thread. Throws if Node.js has no foreign functions, or denies them. */
export function loadLibc(): Libc {
  const libc = loadFunctions();
  // Memory outside of the JavaScript heap, which is never moved. Kept as long as the pointers to it.
  const path = Buffer.alloc(MAX_PATH_BYTES);
  const pathPointer = getRawPointer(path);
  const pollfd = Buffer.alloc(POLLFD_BYTES);
  const pollfdPointer = getRawPointer(pollfd);
  const errno = (): Errno => ERRNOS.get(getInt32(libc.__errno_location())) ?? 'other';
  const checked = (result: number): Result<number, Errno> => (result < 0 ? err(errno()) : ok(result));

  return {
    inotifyInit: () => checked(libc.inotify_init1(INIT_FLAGS)),
    inotifyAddWatch: (descriptor, folder, mask) => {
      const length = Buffer.byteLength(folder);
      // A path with a zero byte would be cut there.
      if (length >= MAX_PATH_BYTES || folder.includes('\0')) return err('other');
      path.write(folder);
      path[length] = 0;
      return checked(libc.inotify_add_watch(descriptor, pathPointer, mask));
    },
    inotifyRemoveWatch: (descriptor, watch) => {
      libc.inotify_rm_watch(descriptor, watch);
    },
    poll: (descriptor, timeoutMs) => {
      pollfd.writeInt32LE(descriptor, 0);
      pollfd.writeInt32LE(POLLIN, 4);
      return libc.poll(pollfdPointer, 1n, timeoutMs) > 0;
    },
  };
}
