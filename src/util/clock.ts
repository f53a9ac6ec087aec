/**
 * Time, passed in as an argument, and two ways to wait: until woken, and until a deadline.
 */

/** A clock that is never set back, for intervals and deadlines. */
export interface MonotonicClock {
  readonly monotonicMs: () => number;
  /** Resolves after `ms`, or as soon as the signal aborts. Never rejects. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface Clock extends MonotonicClock {
  /** Wall-clock time in epoch seconds, to compare with times from tokens, files and the API server. */
  readonly now: () => number;
}

/** A wait that can be cut short. */
export interface Alarm {
  /** Ends the current wait. If nothing waits, the next wait ends at once. */
  readonly ring: () => void;
  /** Resolves after `ms`, on `ring`, or when the signal aborts. Never rejects. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

export function createAlarm(clock: MonotonicClock): Alarm {
  let rung = new AbortController();
  const wait = async (ms: number, signal: AbortSignal): Promise<void> => {
    await clock.sleep(ms, AbortSignal.any([signal, rung.signal]));
    rung = new AbortController();
  };
  return { ring: () => rung.abort(), wait };
}

export interface Deadline {
  /** Aborts when the deadline expires or the parent signal aborts. */
  readonly signal: AbortSignal;
  /** Whether the deadline itself has expired. */
  readonly isExpired: () => boolean;
  /** Moves the deadline to `ms` from now. */
  readonly extend: (ms: number) => void;
  /** Frees the timer. Call it in every case, also after expiry. */
  readonly cancel: () => void;
}

export function createDeadline(clock: MonotonicClock, ms: number, parent: AbortSignal): Deadline {
  const expiry = new AbortController();
  const canceled = new AbortController();
  let dueMs = clock.monotonicMs() + ms;
  let isExpired = false;
  // Not AbortSignal.any, whose result is retained by the parent signal, often for the life of the process, if a listener
  // is left on it.
  const abort = (): void => expiry.abort();
  parent.addEventListener('abort', abort);
  if (parent.aborted) abort();

  // An extension does not restart the timer, since a busy watch extends its deadline a thousand times a second.
  const expire = async (): Promise<void> => {
    for (let leftMs = ms; leftMs > 0 && !canceled.signal.aborted; leftMs = dueMs - clock.monotonicMs())
      await clock.sleep(leftMs, canceled.signal);
    if (canceled.signal.aborted) return;
    isExpired = true;
    abort();
  };
  void expire();
  const cancel = (): void => {
    parent.removeEventListener('abort', abort);
    canceled.abort();
  };
  const extend = (leftMs: number): void => {
    dueMs = clock.monotonicMs() + leftMs;
  };
  return { signal: expiry.signal, isExpired: () => isExpired, extend, cancel };
}
