/**
 * A clock that runs faster than real time, for sources that communicate over real sockets.
 *
 * It counts ticks of a timer instead of measuring time: on a busy machine the timer fires late and everything slows
 * down, whereas timeouts in real time would expire before requests get their turn.
 */
import type { Clock } from '../../src/util/clock.ts';

/** `speed` is the number of its milliseconds per tick of a one-millisecond timer, which runs only while something sleeps. */
export function createFastClock(speed: number, now: () => number = () => Date.now() / 1_000): Clock {
  const sleepers = new Set<{ readonly dueMs: number; readonly wake: () => void }>();
  let nowMs = 0;
  let timer: NodeJS.Timeout | undefined;
  const tick = (): void => {
    nowMs += speed;
    for (const { dueMs, wake } of sleepers) if (dueMs <= nowMs) wake();
    timer = sleepers.size > 0 ? setTimeout(tick, 1) : undefined;
  };
  const sleep = (ms: number, signal: AbortSignal): Promise<void> => {
    if (signal.aborted || ms <= 0) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = (): void => {
      sleepers.delete(sleeper);
      signal.removeEventListener('abort', wake);
      resolve();
      if (sleepers.size > 0) return;
      clearTimeout(timer);
      timer = undefined;
    };
    const sleeper = { dueMs: nowMs + ms, wake };
    sleepers.add(sleeper);
    signal.addEventListener('abort', wake);
    timer ??= setTimeout(tick, 1);
    return promise;
  };
  return { now, monotonicMs: () => nowMs, sleep };
}
