/**
 * Counts the opens of the token in a generation: reads of the workload, and those that may be such.
 */
import { type GenerationState, isAtSwap, isWatchedSinceSwap } from './generation-state.ts';
import { type Explained, SLOW_VISIT_MS, type Visit } from './kubelet-visit.ts';
import type { DrainTime } from './read-event.ts';

function addForeign(state: GenerationState, count: number, time: DrainTime): GenerationState {
  if (count === 0) return state;
  const own = Math.min(count, state.maybeOwn);
  const isRead = count > own;
  return {
    ...state,
    maybeOwn: state.maybeOwn - own,
    foreign: state.foreign + count - own,
    ambiguous: state.ambiguous + own,
    isReadAtRotation: state.isReadAtRotation || (isRead && isAtSwap(time)),
    lastReadAt: isRead ? (time.readAt ?? time.at) : state.lastReadAt,
  };
}

/** The opens of a visit are explained when it ends, which may be seconds after them. */
export function addExplained(
  state: GenerationState,
  { foreign, ambiguous }: Explained,
  { startedMs }: Visit,
  time: DrainTime,
): GenerationState {
  const next = ambiguous === 0 ? state : { ...state, ambiguous: state.ambiguous + ambiguous };
  const readAt = (time.readAt ?? time.at) - (time.monotonicMs - startedMs) / 1_000;
  return addForeign(next, foreign, { ...time, readAt });
}

/** The kubelet may have been half way through a visit when the watch was placed. */
export function isMidVisit({ blindMs, isVisited, monotonicMs }: GenerationState, time: DrainTime): boolean {
  return !isWatchedSinceSwap({ blindMs }) && !isVisited && time.monotonicMs - monotonicMs <= SLOW_VISIT_MS;
}

/** The kubelet looks for work every 100 ms, so it does not visit a volume that it has just written. */
export function addTokenOpens(state: GenerationState, count: number, time: DrainTime): GenerationState {
  return count > 0 && !isAtSwap(time) && isMidVisit(state, time)
    ? { ...state, ambiguous: state.ambiguous + count }
    : addForeign(state, count, time);
}
