/**
 * A clock that only the test advances, with the contract of the real one: a sleep ends at its time or when its signal
 * aborts, at once if the signal is already aborted, and never rejects.
 */
import { setImmediate } from 'node:timers/promises';
import type { Schedule } from '../../simulator/api/schedule.ts';
import type { Clock, MonotonicClock } from '../../src/util/clock.ts';

export interface FakeClock extends MonotonicClock {
  /** Advances by `ms`. Wakes sleepers in order and lets each one run before the next. */
  readonly advance: (ms: number) => Promise<void>;
  /** The number of pending sleeps. */
  readonly sleepers: () => number;
}

interface Sleeper {
  readonly untilMs: number;
  readonly wake: () => void;
}

/** Runs everything that waits only for a turn of the event loop. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await setImmediate();
}

export function createFakeClock(): FakeClock {
  let nowMs = 0;
  const sleeping = new Set<Sleeper>();

  const sleep = (ms: number, signal: AbortSignal): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const sleeper = { untilMs: nowMs + ms, wake: () => resolve() };
    if (signal.aborted) return Promise.resolve();
    sleeping.add(sleeper);
    signal.addEventListener('abort', sleeper.wake, { once: true });
    return promise.finally(() => {
      sleeping.delete(sleeper);
      signal.removeEventListener('abort', sleeper.wake);
    });
  };

  const advance = async (ms: number): Promise<void> => {
    const untilMs = nowMs + ms;
    for (;;) {
      await settle();
      const [next] = [...sleeping].toSorted((a, b) => a.untilMs - b.untilMs);
      if (next === undefined || next.untilMs > untilMs) break;
      nowMs = Math.max(nowMs, next.untilMs);
      next.wake();
    }
    nowMs = untilMs;
  };

  return { monotonicMs: () => nowMs, sleep, advance, sleepers: () => sleeping.size };
}

/** Has the simulated API server send bookmarks and end watches by a clock: the one of the exporter. */
export function scheduleBy(clock: Clock): Schedule {
  return (seconds, run) => {
    const canceled = new AbortController();
    void clock.sleep(seconds * 1_000, canceled.signal).then(() => {
      if (!canceled.signal.aborted) run();
    });
    return () => canceled.abort();
  };
}
