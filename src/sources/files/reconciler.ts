/**
 * The loop that keeps the facts fresh: a scan every interval, a look whenever something says so.
 *
 * Level-triggered: it never asks what an event was about. Knows nothing of what is looked at, or of verdicts.
 */
import type { MonotonicClock } from '../../util/clock.ts';

export interface Source {
  readonly scan: () => Promise<void>;
  readonly look: () => void;
  readonly isPending: () => boolean;
}

export interface ReconcilerOptions {
  readonly source: Source;
  readonly clock: MonotonicClock;
  readonly intervalMs: number;
  /** Called after every scan and look. */
  readonly onPass: () => void;
  /** A pass threw: a bug, and no reason to stop. */
  readonly onError: (error: unknown) => void;
}

export interface Reconciler {
  /** Runs until the signal aborts. Never rejects. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** Looking again is worth it. */
  readonly nudge: () => void;
}

/** One swap of a volume makes half a dozen events, a kubelet restart one swap per volume: wait for the rest. */
const COALESCE_MS = 25;
/** Volumes come up soon after their folder; the wait doubles while they do not. */
const FIRST_PENDING_MS = 100;

export function createReconciler({
  source,
  clock,
  intervalMs,
  onPass,
  onError,
}: ReconcilerOptions): Reconciler {
  let wake = new AbortController();
  let nextScanMs = Number.NEGATIVE_INFINITY;
  let pendingMs = FIRST_PENDING_MS;

  const lookOrScan = async (): Promise<void> => {
    if (clock.monotonicMs() < nextScanMs) {
      source.look();
      return;
    }
    nextScanMs = clock.monotonicMs() + intervalMs;
    await source.scan();
  };

  /** One pass; answers whether another is worth it soon. */
  const pass = async (): Promise<boolean> => {
    try {
      await lookOrScan();
      onPass();
      return source.isPending();
    } catch (error) {
      onError(error);
      return false;
    }
  };

  const waitMs = (isPending: boolean): number => {
    const untilScan = Math.max(0, nextScanMs - clock.monotonicMs());
    const soon = isPending ? pendingMs : untilScan;
    pendingMs = isPending ? Math.min(pendingMs * 2, intervalMs) : FIRST_PENDING_MS;
    return Math.min(soon, untilScan);
  };

  const wait = async (isPending: boolean, signal: AbortSignal): Promise<void> => {
    await clock.sleep(waitMs(isPending), AbortSignal.any([signal, wake.signal]));
    if (!wake.signal.aborted) return;
    pendingMs = FIRST_PENDING_MS;
    // However fast nudges come, between two passes others run, and what was nudged meanwhile is one pass.
    await clock.sleep(COALESCE_MS, signal);
  };

  const run = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      // Before the pass: a nudge that comes during it may be about what it has already looked at.
      wake = new AbortController();
      await wait(await pass(), signal);
    }
  };
  return { run, nudge: () => wake.abort() };
}
