/**
 * The loop that keeps the source up to date: a scan every interval, and a refresh after a nudge or while anything is
 * pending.
 *
 * Level-triggered: a nudge does not say what has changed.
 */
import type { MonotonicClock } from '../../util/clock.ts';

export interface Target {
  readonly scan: () => Promise<void>;
  readonly refresh: () => Promise<void>;
  readonly isPending: () => boolean;
}

export interface ReconcilerOptions {
  readonly target: Target;
  readonly clock: MonotonicClock;
  readonly intervalMs: number;
  /** Called after every pass: a scan or a refresh. */
  readonly onPass: () => void;
  /** A pass threw, which is a bug. The loop continues. */
  readonly onError: (error: unknown) => void;
}

export interface Reconciler {
  /** Runs until the signal aborts. Never rejects. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** Causes a refresh soon. */
  readonly nudge: () => void;
}

/** A swap of a volume causes half a dozen events, and a restart of the kubelet a swap of every volume. */
const MIN_COALESCE_MS = 25;
/** For each millisecond of the previous pass: passes leave most of the time to responses while many volumes are swapped. */
const COALESCE_PER_MS = 3;
const MAX_COALESCE_MS = 100;
/** Volumes are mounted soon after their directory is created. The wait doubles while they are not. */
const MIN_PENDING_MS = 100;

export function createReconciler({
  target,
  clock,
  intervalMs,
  onPass,
  onError,
}: ReconcilerOptions): Reconciler {
  let wake = new AbortController();
  let nextScanMs = Number.NEGATIVE_INFINITY;
  let pendingMs = MIN_PENDING_MS;
  let coalesceMs = MIN_COALESCE_MS;

  const scanOrRefresh = async (): Promise<void> => {
    if (clock.monotonicMs() < nextScanMs) {
      await target.refresh();
      return;
    }
    nextScanMs = clock.monotonicMs() + intervalMs;
    await target.scan();
  };

  /** Returns whether another pass is due soon. */
  const pass = async (): Promise<boolean> => {
    const startedMs = clock.monotonicMs();
    try {
      await scanOrRefresh();
      onPass();
      return target.isPending();
    } catch (error) {
      onError(error);
      return false;
    } finally {
      const passMs = clock.monotonicMs() - startedMs;
      coalesceMs = Math.min(Math.max(MIN_COALESCE_MS, COALESCE_PER_MS * passMs), MAX_COALESCE_MS);
    }
  };

  const waitMs = (isPending: boolean): number => {
    const untilScan = Math.max(0, nextScanMs - clock.monotonicMs());
    const untilRefresh = isPending ? pendingMs : untilScan;
    pendingMs = isPending ? Math.min(pendingMs * 2, intervalMs) : MIN_PENDING_MS;
    return Math.min(untilRefresh, untilScan);
  };

  const wait = async (isPending: boolean, signal: AbortSignal): Promise<void> => {
    await clock.sleep(waitMs(isPending), AbortSignal.any([signal, wake.signal]));
    if (!wake.signal.aborted) return;
    pendingMs = MIN_PENDING_MS;
    // All nudges of this time become one pass, and the event loop turns even under a flood of nudges.
    await clock.sleep(coalesceMs, signal);
  };

  const run = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      // Before the pass: a nudge during the pass may be about something that the pass has already read.
      wake = new AbortController();
      await wait(await pass(), signal);
    }
  };
  return { run, nudge: () => wake.abort() };
}
