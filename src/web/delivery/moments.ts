/**
 * How long a response may be shared: for a second, and not across a step of the clock, because it shows times relative
 * to the one at which it was made.
 */
import type { EpochSeconds } from '../../core/token/token.ts';
import type { Clock } from '../../util/clock.ts';

export type TwoClocks = Pick<Clock, 'monotonicMs' | 'now'>;

/** An instant on both clocks. */
export interface Moment {
  readonly atMs: number;
  readonly at: EpochSeconds;
}

export const SHARED_MS = 1_000;

export function momentOf({ monotonicMs, now }: TwoClocks): Moment {
  return { atMs: monotonicMs(), at: now() };
}

/** Whether what was made at this moment may still be shared. */
export function isRecent({ atMs, at }: Moment, clocks: TwoClocks): boolean {
  const current = momentOf(clocks);
  const ageMs = current.atMs - atMs;
  return ageMs < SHARED_MS && Math.abs((current.at - at) * 1_000 - ageMs) < SHARED_MS;
}
