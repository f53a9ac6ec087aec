/**
 * The clock of the system. Everything but `main.ts` is given it as an argument.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../util/clock.ts';

export const systemClock: Clock = {
  now: () => Date.now() / 1_000,
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) => delay(ms, undefined, { signal }).catch(() => undefined),
};
