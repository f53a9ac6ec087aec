/**
 * One inotify descriptor: its watches, and its events.
 */
import { closeSync } from 'node:fs';
import { ok, type Result } from '../../../util/result.ts';
import { IN, type InotifyEvent, newFolders, type OnNewFolder, parseEvents } from './inotify-events.ts';
import type { Errno, Libc } from './libc.ts';

export interface Inotify {
  /** Watches a folder, never through a link. The mask replaces that of an earlier watch of the same folder. */
  readonly add: (folder: string, mask: number) => Result<number, Errno>;
  /** Watches a folder in another one, as fast as possible. Returns a negative number if it cannot. */
  readonly addIn: (folder: string, name: Uint8Array, mask: number) => number;
  /** The watch ends with an event with `IN.ignored`. */
  readonly remove: (watch: number) => void;
  /** Blocks until there are events, or the timeout has passed. Returns whether there are any. */
  readonly wait: (timeoutMs: number) => boolean;
  /**
   * Removes and returns the events that have come, or one with `IN.overflow` after those before the loss. Does not block.
   * The function is called first, for each new folder.
   */
  readonly take: (onNewFolder?: OnNewFolder) => readonly InotifyEvent[];
  readonly close: () => void;
}

/** Some 2,000 events. */
const BUFFER_BYTES = 64 * 1024;
/** The kernel's default queue: 16,384 events of at most 272 bytes. The administrator may make it longer. */
const MAX_READS = 72;
/** What is longer is discarded: its events would be older than the take before. More than two million short events. */
const MAX_DISCARDS = 1_024;
const OVERFLOW: InotifyEvent = { watch: -1, mask: IN.overflow, name: '' };

/** For both descriptors, which are read one after the other. */
const buffer = Buffer.alloc(BUFFER_BYTES);
const words = new Int32Array(buffer.buffer, buffer.byteOffset, BUFFER_BYTES / Int32Array.BYTES_PER_ELEMENT);
const FLAGS = IN.onlyDirectory | IN.dontFollow;

function eventsIn(length: number): readonly InotifyEvent[] {
  const { events, isComplete } = parseEvents(buffer.subarray(0, length));
  return isComplete ? events : [...events, OVERFLOW];
}

/** Whether there was anything left. */
function discard({ read }: Libc, descriptor: number): boolean {
  let reads = 0;
  while (reads < MAX_DISCARDS && read(descriptor, buffer) > 0) reads += 1;
  return reads > 0;
}

export function openInotify(libc: Libc): Result<Inotify, Errno> {
  const opened = libc.inotifyInit();
  if (!opened.ok) return opened;
  const descriptor = opened.value;
  return ok({
    add: (folder, mask) => libc.inotifyAddWatch(descriptor, folder, mask | FLAGS),
    addIn: (folder, name, mask) => libc.inotifyAddWatchIn(descriptor, folder, name, mask | FLAGS),
    remove: (watch) => libc.inotifyRemoveWatch(descriptor, watch),
    wait: (timeoutMs) => libc.poll(descriptor, timeoutMs),
    take: (onNewFolder) => {
      const events: InotifyEvent[] = [];
      for (let reads = 0; reads < MAX_READS; reads += 1) {
        const length = libc.read(descriptor, buffer);
        if (length === 0) return events;
        if (onNewFolder !== undefined) newFolders(words, length, onNewFolder);
        events.push(...eventsIn(length));
      }
      if (discard(libc, descriptor)) events.push(OVERFLOW);
      return events;
    },
    close: () => closeSync(descriptor),
  });
}
