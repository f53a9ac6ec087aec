/**
 * Finds where different file systems are mounted at the same place, one on the other, from /proc/self/mountinfo.
 *
 * A node has thousands of mounts, and their names come from others: only a bounded number of bytes is read.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { parseMountLine } from '../../../util/mount-info.ts';
import { failureOf } from '../failures.ts';

const MOUNT_INFO = '/proc/self/mountinfo';
const MAX_BYTES = 16 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
/** In the path of each projected volume. */
const PROJECTED = '/volumes/kubernetes.io~projected/';

/** The content of an open file, one character per byte, in pieces. */
function* chunksOf(descriptor: number): Generator<string> {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  for (let bytes = 0; bytes < MAX_BYTES; ) {
    const length = readSync(descriptor, chunk, 0, chunk.length, null);
    if (length === 0) return;
    bytes += length;
    yield chunk.toString('latin1', 0, length);
  }
}

/** The lines; without the last one, which is empty or cut. */
function* linesOf(chunks: Iterable<string>): Generator<string> {
  let rest = '';
  for (const chunk of chunks) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

/** Mount points of projected volumes at which different devices are mounted. One twice is a shared bind mount. */
function stackedIn(lines: Iterable<string>): ReadonlySet<string> {
  const devices = new Map<string, string>();
  const stacked = new Set<string>();
  for (const line of lines) {
    const mount = parseMountLine(line);
    if (!mount?.point.includes(PROJECTED)) continue;
    const { point, device } = mount;
    if ((devices.get(point) ?? device) !== device) stacked.add(point);
    devices.set(point, device);
  }
  return stacked;
}

/** Paths have one character per byte. None if the file cannot be read. */
export function readStackedMounts(file = MOUNT_INFO): ReadonlySet<string> {
  try {
    const descriptor = openSync(file, 'r');
    try {
      return stackedIn(linesOf(chunksOf(descriptor)));
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    failureOf(error);
    return new Set();
  }
}
