/**
 * The loop of the thread: it blocks until a volume is swapped or a drain is due.
 *
 * The thread never returns to its event loop, so it takes commands between two waits, and sees within one wait that it
 * is to end.
 */
import { type Command, type Loss, type Report, SHARED } from '../protocol.ts';
import { createFolderWatches, type FolderWatches } from './folder-watches.ts';
import { type Inotify, openInotify } from './inotify.ts';
import type { Libc } from './libc.ts';
import { lossOf } from './losses.ts';
import { createVolumeWatches, type VolumeWatches } from './volume-watches.ts';

export interface WatchLoopOptions {
  readonly libc: Libc;
  /** The folder of the program. */
  readonly program: string;
  /** The next command, or undefined. Does not block. */
  readonly receive: () => Command | undefined;
  readonly post: (report: Report) => void;
  /** The words of `SHARED`. */
  readonly shared: Int32Array;
  /** The wall clock in milliseconds. */
  readonly now: () => number;
  readonly monotonicMs: () => number;
  /** V8 collects garbage and shrinks the heap while a thread is idle in its event loop, which this one never is. */
  readonly collectGarbage: () => void;
}

const DRAIN_MS = 1_000;
/** For a while after a swap, to see who reads the token at once. */
const FINE_DRAIN_MS = 10;
const FINE_MS = 50;
/** The volumes are watched by then. */
const FIRST_COLLECTION_MS = 5_000;
/** It takes some 30 ms, in which a swap would wait. */
const COLLECTION_MS = 600_000;
/** A swap must not wait for a thousand volumes that are to be watched. */
const MAX_COMMANDS = 16;

interface Loop extends WatchLoopOptions {
  readonly swaps: Inotify;
  readonly folders: FolderWatches;
  readonly volumes: VolumeWatches;
  /** The last drain, by the wall clock. */
  drainedMs: number;
  /** The last one that left no older events. */
  emptiedMs: number;
  nextDrainMs: number;
  nextVerifyMs: number;
  nextCollectionMs: number;
  fineUntilMs: number;
}

/** Returns whether there may be more. */
function obey({ receive, volumes }: Loop): boolean {
  for (let count = 0; count < MAX_COMMANDS; count += 1) {
    const command = receive();
    if (command === undefined) return false;
    if (command.kind === 'watch') volumes.watch(command.target);
    else volumes.unwatch(command.id);
  }
  return true;
}

/** No event is older than the drain before. Returns a time of at most a second after each of the next ones. */
function takeReadTime(loop: Loop): number {
  const { emptiedMs } = loop;
  loop.drainedMs = loop.now();
  loop.emptiedMs = loop.drainedMs;
  return Math.min(loop.drainedMs, emptiedMs + DRAIN_MS) / 1_000;
}

function drainAndReport(loop: Loop, startedMs: number): void {
  const { volumes, folders, drainedMs, emptiedMs, monotonicMs, post } = loop;
  const readAt = takeReadTime(loop);
  const { drained, hasOverflowed, keptSinceMs } = folders.drain();
  // The rest must not seem later than it was.
  if (keptSinceMs !== undefined) loop.emptiedMs = keptSinceMs < startedMs ? emptiedMs : drainedMs;
  // After the drain: a watch that was added in this round may have had events in it already.
  const { started, losses } = volumes.takeNews();
  post({
    drained,
    readAt,
    started,
    losses: hasOverflowed ? [...losses, 'overflow'] : losses,
    folders: folders.count(),
    isLimited: volumes.isLimited(),
    tookMs: monotonicMs() - startedMs,
  });
}

function verifyIfDue(loop: Loop, nowMs: number): void {
  if (nowMs < loop.nextVerifyMs) return;
  loop.nextVerifyMs = nowMs + DRAIN_MS;
  loop.volumes.verify();
}

function collectIfDue(loop: Loop, nowMs: number): void {
  if (nowMs < loop.nextCollectionMs) return;
  loop.nextCollectionMs = nowMs + COLLECTION_MS;
  loop.collectGarbage();
}

/** One wait and what follows. */
function turn(loop: Loop, timeoutMs: number): number {
  const { swaps, volumes, monotonicMs } = loop;
  const isReady = swaps.wait(timeoutMs);
  // Before anything else: each call takes long after the thread has slept.
  const hasFollowed = isReady && volumes.followSwaps();
  const startedMs = monotonicMs();
  if (hasFollowed) loop.fineUntilMs = startedMs + FINE_MS;
  const hasMore = obey(loop);
  verifyIfDue(loop, startedMs);
  const isFine = startedMs < loop.fineUntilMs;
  if (isFine) loop.nextDrainMs = Math.min(loop.nextDrainMs, startedMs + FINE_DRAIN_MS);
  if (startedMs >= loop.nextDrainMs) {
    drainAndReport(loop, startedMs);
    collectIfDue(loop, startedMs);
    loop.nextDrainMs = startedMs + (isFine ? FINE_DRAIN_MS : DRAIN_MS);
  }
  return hasMore ? 0 : Math.max(0, Math.ceil(loop.nextDrainMs - monotonicMs()));
}

/** Returns why there is no inotify, if it cannot be opened. */
export function runWatchLoop(options: WatchLoopOptions): Loss | undefined {
  const { libc, shared, monotonicMs } = options;
  using closing = new DisposableStack();
  const swaps = openInotify(libc);
  if (!swaps.ok) return lossOf(swaps.error) ?? 'other';
  closing.defer(swaps.value.close);
  const opens = openInotify(libc);
  if (!opens.ok) return lossOf(opens.error) ?? 'other';
  closing.defer(opens.value.close);
  const folders = createFolderWatches({ ...options, inotify: opens.value });
  const volumes = createVolumeWatches({ ...options, swaps: swaps.value, folders });
  const nextCollectionMs = monotonicMs() + FIRST_COLLECTION_MS;
  const times = {
    drainedMs: options.now(),
    emptiedMs: options.now(),
    nextDrainMs: 0,
    nextVerifyMs: 0,
    nextCollectionMs,
    fineUntilMs: 0,
  };
  const loop: Loop = { ...options, ...times, swaps: swaps.value, folders, volumes };
  let timeoutMs = 0;
  while (Atomics.load(shared, SHARED.isStopped) === 0) timeoutMs = turn(loop, timeoutMs);
  return undefined;
}
