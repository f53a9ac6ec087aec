/**
 * One inotify descriptor: its watches, and its events.
 */
import { closeSync, readSync } from 'node:fs';
import { errorCode } from '../../util/error-code.ts';
import { ok, type Result } from '../../util/result.ts';
import { IN, type InotifyEvent, parseEvents } from './inotify-events.ts';
import type { Errno, Libc } from './libc.ts';

export interface Inotify {
  /** Watches a folder, never through a link. The mask replaces that of an earlier watch of the same folder. */
  readonly add: (folder: string, mask: number) => Result<number, Errno>;
  /** The watch ends with an event with `IN.ignored`. */
  readonly remove: (watch: number) => void;
  /** Blocks until there are events, or the timeout has passed. Returns whether there are any. */
  readonly wait: (timeoutMs: number) => boolean;
  /** Removes and returns the events that have come. Does not block. */
  readonly take: () => readonly InotifyEvent[];
  readonly close: () => void;
}

/** Some 2,000 events. */
const BUFFER_BYTES = 64 * 1024;
/** The kernel's default queue has 16,384 events; a longer one is read in turns. */
const MAX_READS = 64;
const OVERFLOW: InotifyEvent = { watch: -1, mask: IN.overflow, name: '' };

/** For both descriptors, which are read one after the other. */
const buffer = Buffer.alloc(BUFFER_BYTES);

function readEvents(descriptor: number): readonly InotifyEvent[] {
  try {
    const { events, isComplete } = parseEvents(buffer.subarray(0, readSync(descriptor, buffer)));
    return isComplete ? events : [...events, OVERFLOW];
  } catch (error) {
    if (errorCode(error) === 'EAGAIN') return [];
    throw error;
  }
}

export function openInotify(libc: Libc): Result<Inotify, Errno> {
  const opened = libc.inotifyInit();
  if (!opened.ok) return opened;
  const descriptor = opened.value;
  const wait: Inotify['wait'] = (timeoutMs) => libc.poll(descriptor, timeoutMs);
  return ok({
    add: (folder, mask) => libc.inotifyAddWatch(descriptor, folder, mask | IN.onlyDirectory | IN.dontFollow),
    remove: (watch) => libc.inotifyRemoveWatch(descriptor, watch),
    wait,
    take: () => {
      const events: InotifyEvent[] = [];
      // Without events, a read would throw, which costs more than to ask first.
      for (let reads = 0; reads < MAX_READS && wait(0); reads += 1) events.push(...readEvents(descriptor));
      return events;
    },
    close: () => closeSync(descriptor),
  });
}
