/**
 * Time as the parts of this source are given it, and the two things they do with it: to wait until woken, and to
 * give up.
 *
 * Knows nothing of what is waited for.
 */
/** A clock that is never set back: for intervals and deadlines. */
export interface MonotonicClock {
  /** Monotonic milliseconds. */
  readonly monotonicMs: () => number;
  /** Resolves after `ms`, or as soon as the signal aborts. Never rejects. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface Clock extends MonotonicClock {
  /** Wall-clock time as Unix seconds: compared with times of tokens, files and the API server. */
  readonly now: () => number;
}

export interface Alarm {
  /** Ends the wait under way, or else the next one at once. */
  readonly ring: () => void;
  /** Until `ms` went by, somebody rang, or the signal aborts. */
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
  /** Aborts when time is up, and with the signal the deadline was made from. */
  readonly signal: AbortSignal;
  /** Whether time is up. */
  readonly isOver: () => boolean;
  /** From now on there are `ms` left. */
  readonly putOff: (ms: number) => void;
  /** To be called in the end, whatever came of it: frees the timer. */
  readonly cancel: () => void;
}

export function createDeadline(clock: MonotonicClock, ms: number, outer: AbortSignal): Deadline {
  const ending = new AbortController();
  const cancelled = new AbortController();
  let dueMs = clock.monotonicMs() + ms;
  let isOver = false;
  // Not AbortSignal.any: whoever forgot to stop listening to it would be kept for as long as the outer signal.
  const end = (): void => ending.abort();
  outer.addEventListener('abort', end);
  if (outer.aborted) end();

  // Put off, it sleeps on once the old time has come: a busy watch puts it off a thousand times a second.
  const watch = async (): Promise<void> => {
    for (let leftMs = ms; leftMs > 0 && !cancelled.signal.aborted; leftMs = dueMs - clock.monotonicMs())
      await clock.sleep(leftMs, cancelled.signal);
    if (cancelled.signal.aborted) return;
    isOver = true;
    end();
  };
  void watch();
  const cancel = (): void => {
    outer.removeEventListener('abort', end);
    cancelled.abort();
  };
  const putOff = (leftMs: number): void => {
    dueMs = clock.monotonicMs() + leftMs;
  };
  return { signal: ending.signal, isOver: () => isOver, putOff, cancel };
}
