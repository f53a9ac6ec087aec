/**
 * The system calls that Node.js has no API for, inotify(7) with any mask and poll(2), and those that must not take long.
 *
 * The only file that uses foreign functions. No pointer leaves it, and each one points to memory that this file owns
 * during the call.
 */
import { dlopen, getInt32, getRawPointer } from 'node:ffi';
import { constants } from 'node:os';
import { err, ok, type Result } from '../../../util/result.ts';

/** Errors of system calls that have a meaning here. */
export type Errno = 'EMFILE' | 'ENFILE' | 'ENOENT' | 'ENOSPC' | 'ENOTDIR' | 'other';

export interface Libc {
  /** Returns a descriptor that does not block. */
  readonly inotifyInit: () => Result<number, Errno>;
  /** Returns the number of the watch: the same one if the folder is watched already. */
  readonly inotifyAddWatch: (descriptor: number, path: string, mask: number) => Result<number, Errno>;
  /**
   * Watches a folder in another one, and returns the number of the watch, or a negative one. Most of what the thread
   * does takes longer after it has slept, so this does as little as possible.
   */
  readonly inotifyAddWatchIn: (descriptor: number, folder: string, name: Uint8Array, mask: number) => number;
  /** Does nothing if there is no such watch. */
  readonly inotifyRemoveWatch: (descriptor: number, watch: number) => void;
  /** Blocks the thread until the descriptor can be read, or the timeout has passed. Returns whether it can be read. */
  readonly poll: (descriptor: number, timeoutMs: number) => boolean;
  /** Returns the number of bytes that were read, 0 without events. */
  readonly read: (descriptor: number, into: Buffer) => number;
  /** The target of a link; undefined if it does not exist. */
  readonly readLink: (path: string) => string | undefined;
}

/** IN_CLOEXEC and IN_NONBLOCK, on every platform with `node:ffi` (linux/include/uapi/asm-generic/fcntl.h). */
const INIT_FLAGS = 0o2_000_000 | 0o4_000;
const POLLIN = 1;
/** struct pollfd: int fd, short events, short revents. */
const POLLFD_BYTES = 8;
const MAX_PATH_BYTES = 4_096;
/** A longer target is cut: it is no name of a folder. */
const TARGET_BYTES = 512;

const { EAGAIN, EINTR, EMFILE, ENFILE, ENOENT, ENOSPC, ENOTDIR } = constants.errno;
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
    read: { arguments: ['int32', 'pointer', 'uint64'], return: 'int64' },
    readlink: { arguments: ['pointer', 'pointer', 'uint64'], return: 'int64' },
    __errno_location: { arguments: [], return: 'pointer' },
  });
  return functions;
}

type Functions = ReturnType<typeof loadFunctions>;

/** Memory outside of the JavaScript heap, which is never moved. Kept as long as the pointer to it. */
function allocate(bytes: number) {
  const buffer = Buffer.alloc(bytes);
  return { buffer, pointer: getRawPointer(buffer) };
}

type Memory = ReturnType<typeof allocate>;

/** Writes a path that ends with a zero byte. Returns whether it is one: it would be cut at another zero byte. */
function writePath({ buffer }: Memory, path: string): boolean {
  const length = Buffer.byteLength(path);
  if (length >= MAX_PATH_BYTES || path.includes('\0')) return false;
  buffer.write(path);
  buffer[length] = 0;
  return true;
}

function watchFunctions(libc: Functions, checked: (result: number) => Result<number, Errno>) {
  const path = allocate(MAX_PATH_BYTES);
  return {
    inotifyAddWatch: (descriptor, folder, mask) =>
      writePath(path, folder)
        ? checked(libc.inotify_add_watch(descriptor, path.pointer, mask))
        : err('other'),
    inotifyAddWatchIn: (descriptor, folder, name, mask) => {
      const start = path.buffer.write(`${folder}/`);
      if (start + name.length >= MAX_PATH_BYTES) return -1;
      path.buffer.set(name, start);
      path.buffer[start + name.length] = 0;
      return libc.inotify_add_watch(descriptor, path.pointer, mask);
    },
  } satisfies Partial<Libc>;
}

function linkFunction({ readlink }: Functions): Libc['readLink'] {
  const path = allocate(MAX_PATH_BYTES);
  const target = allocate(TARGET_BYTES);
  return (link) => {
    const length = writePath(path, link)
      ? Number(readlink(path.pointer, target.pointer, BigInt(TARGET_BYTES)))
      : -1;
    return length < 0 ? undefined : target.buffer.toString('utf8', 0, length);
  };
}

/** Loads the functions for this thread. Throws if Node.js has no foreign functions, or denies them. */
export function loadLibc(): Libc {
  const libc = loadFunctions();
  const pollfd = allocate(POLLFD_BYTES);
  const errno = (): number => getInt32(libc.__errno_location());
  const checked = (result: number): Result<number, Errno> =>
    result < 0 ? err(ERRNOS.get(errno()) ?? 'other') : ok(result);

  return {
    ...watchFunctions(libc, checked),
    inotifyInit: () => checked(libc.inotify_init1(INIT_FLAGS)),
    inotifyRemoveWatch: (descriptor, watch) => {
      libc.inotify_rm_watch(descriptor, watch);
    },
    poll: (descriptor, timeoutMs) => {
      pollfd.buffer.writeInt32LE(descriptor, 0);
      pollfd.buffer.writeInt32LE(POLLIN, 4);
      return libc.poll(pollfd.pointer, 1n, timeoutMs) > 0;
    },
    read: (descriptor, into) => {
      const bytes = Number(libc.read(descriptor, getRawPointer(into), BigInt(into.length)));
      if (bytes >= 0) return bytes;
      const code = errno();
      if (code === EAGAIN || code === EINTR) return 0;
      throw new Error(`read of inotify failed: errno ${code}`);
    },
    readLink: linkFunction(libc),
  };
}
