/**
 * When the kubelet was last seen, by a clock that is never set and by the wall clock, which may be.
 */
import type { EpochSeconds } from '../../core/token/token.ts';
import type { Instant } from './watched-token.ts';

/** More than that, and the wall clock was set. */
const CLOCK_STEP_SECONDS = 1;

export type OnClockSet = (step: number, time: Instant) => void;

export interface LastVisit {
  /** Whether the last visit has changed, or the clock was set. */
  hasChanged: boolean;
  /** By the clock that is never set. Undefined if nothing is watched: what the kubelet does since is not known. */
  lastVisitMs: number | undefined;
  lastVisitAt: EpochSeconds | undefined;
  /** What the wall clock is ahead of the other one; undefined before both were compared. */
  aheadSeconds: number | undefined;
  readonly onClockSet: OnClockSet;
}

export function createLastVisit(onClockSet: OnClockSet): LastVisit {
  return {
    hasChanged: false,
    lastVisitMs: undefined,
    lastVisitAt: undefined,
    aheadSeconds: undefined,
    onClockSet,
  };
}

export function noteVisit(state: LastVisit, lastMs: number, { at, monotonicMs }: Instant): void {
  if (lastMs <= (state.lastVisitMs ?? Number.NEGATIVE_INFINITY)) return;
  state.lastVisitMs = lastMs;
  state.lastVisitAt = at - (monotonicMs - lastMs) / 1_000;
  state.hasChanged = true;
}

/** The last visit does not become older when the clock is set. */
export function followClock(state: LastVisit, { at, monotonicMs }: Instant): void {
  const ahead = at - monotonicMs / 1_000;
  const step = ahead - (state.aheadSeconds ?? ahead);
  state.aheadSeconds = ahead;
  if (Math.abs(step) <= CLOCK_STEP_SECONDS) return;
  if (state.lastVisitAt !== undefined) state.lastVisitAt += step;
  state.hasChanged = true;
  state.onClockSet(step, { at, monotonicMs });
}

/** Nothing is watched any longer. */
export function forgetVisit(state: LastVisit): void {
  state.lastVisitMs = undefined;
  state.lastVisitAt = undefined;
}
