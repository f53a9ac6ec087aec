/**
 * The result of a generation, once the next one has replaced it.
 */
import type { EpochSeconds } from '../token/token.ts';
import { expire } from './generation-reads.ts';
import {
  type GenerationState,
  isAmbiguous,
  isWatchedInTime,
  isWatchedSinceSwap,
} from './generation-state.ts';
import { type Explained, explainLast, SLOW_VISIT_MS, type Visit } from './kubelet-visit.ts';
import type { DrainTime } from './read-event.ts';
import { addExplained } from './token-opens.ts';

export interface GenerationResult {
  /** When the watch was placed. */
  readonly startedAt: EpochSeconds;
  readonly endedAt: EpochSeconds;
  /** `unread` only if every open was observed and attributed. */
  readonly verdict: 'read' | 'unread' | 'unknown';
  /** Whether it counts as observed: a verdict, and a watch within 5 ms of the swap. */
  readonly isCounted: boolean;
  /** Whether it was watched from before the swap, so that no read can have been missed at all. */
  readonly isSure: boolean;
  /** Whether a read may have been missed that is not a reaction to the swap. */
  readonly mayHideRead: boolean;
  /** Whether the swap that began it was seen. */
  readonly isFromSwap: boolean;
  /** Whether the last visit of the kubelet stopped at a difference: it counts for the other volumes of the pod. */
  readonly isLastVisitCut: boolean;
  readonly isReadAtRotation: boolean;
  readonly lastReadAt: EpochSeconds | undefined;
  readonly lastVisitAt: EpochSeconds | undefined;
}

/** Whether a visit at that time may be the last one, as far as the kubelet is slow. */
function isRecent(ms: number | undefined, { monotonicMs }: DrainTime): boolean {
  return ms !== undefined && monotonicMs - ms <= SLOW_VISIT_MS;
}

/** Every rotation has one visit that finds the difference. If another has just ended, this one may not be the kubelet's. */
function explainCut(state: GenerationState, visit: Visit, time: DrainTime): Explained {
  const { foreign, ambiguous } = explainLast(visit);
  const isSecond = visit.tokenOpens > 0 && isRecent(state.lastVisitMs, time);
  return { foreign, ambiguous: ambiguous + Number(isSecond) };
}

/** The visit before the rotation needs no confirmation, but it may have one. */
function settleLastVisit(state: GenerationState, time: DrainTime): GenerationState {
  const { visit, unconfirmed, confirmedMs } = state;
  const settled = { ...state, visit: undefined };
  const next =
    visit === undefined ? state : addExplained(settled, explainCut(state, visit, time), visit, time);
  const needed = unconfirmed.length - Number(!isRecent(confirmedMs, time));
  return { ...next, ambiguous: next.ambiguous + Math.max(0, needed) };
}

/** The generation was replaced. */
export function endGeneration(state: GenerationState, time: DrainTime): GenerationResult {
  const last = settleLastVisit(expire(state, time), time);
  const { blindMs, lastReadAt, lastVisitAt, isReadAtRotation } = last;
  const isRead = last.foreign > 0;
  const isUncertain = isAmbiguous(last) || last.expected.size > 0;
  const isCounted = !isUncertain && isWatchedInTime(state);
  return {
    startedAt: state.at,
    endedAt: time.at,
    verdict: isRead ? 'read' : isCounted ? 'unread' : 'unknown',
    isCounted,
    isSure: blindMs === 0,
    mayHideRead: isUncertain || (blindMs !== undefined && !isWatchedSinceSwap(state)),
    isFromSwap: blindMs !== undefined,
    isLastVisitCut: state.visit !== undefined,
    isReadAtRotation,
    lastReadAt,
    lastVisitAt,
  };
}
