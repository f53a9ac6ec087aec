/**
 * A clock that runs faster than real time, for sources that communicate over real sockets.
 */
import { setTimeout as delay, setImmediate } from 'node:timers/promises';
import type { Clock } from '../../src/util/clock.ts';

/** More turns of the event loop than a request and its response take within one process. */
const TURNS = 20;

/** `speed` is the number of its seconds per real second. */
export function createFastClock(speed: number, now: () => number = () => Date.now() / 1_000): Clock {
  const sleep = async (ms: number, signal: AbortSignal): Promise<void> => {
    await delay(ms / speed, undefined, { signal }).catch(() => undefined);
    // On a busy machine the timer may be due before the process has handled what arrived on its sockets.
    for (let turn = 0; turn < TURNS && !signal.aborted; turn += 1) await setImmediate();
  };
  return { now, monotonicMs: () => performance.now() * speed, sleep };
}
