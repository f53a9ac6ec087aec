/**
 * Confirms visits of the kubelet to a directory with one file by its visits to other volumes of the pod.
 *
 * In such a directory, `ls` and `cat` equal a visit. The kubelet visits all volumes of a pod at once.
 */
import type { GenerationState } from './generation-state.ts';
import { VISIT_MS } from './kubelet-visit.ts';
import type { DrainTime } from './read-event.ts';

/** Each confirmation is good for one visit. */
function confirm(state: GenerationState): GenerationState {
  let { confirmations, confirmedMs } = state;
  const unconfirmed = state.unconfirmed.filter((ms) => {
    const index = confirmations.findIndex((at) => Math.abs(at - ms) <= VISIT_MS);
    confirmedMs = confirmations[index] ?? confirmedMs;
    confirmations = confirmations.filter((_, other) => other !== index);
    return index < 0;
  });
  return { ...state, unconfirmed, confirmations, confirmedMs };
}

export function expireUnconfirmed(state: GenerationState, monotonicMs: number): GenerationState {
  if (state.unconfirmed.length === 0 && state.confirmations.length === 0) return state;
  const isLive = (ms: number): boolean => monotonicMs - ms <= VISIT_MS;
  const unconfirmed = state.unconfirmed.filter(isLive);
  return {
    ...state,
    unconfirmed,
    confirmations: state.confirmations.filter(isLive),
    ambiguous: state.ambiguous + state.unconfirmed.length - unconfirmed.length,
  };
}

/** The kubelet visited other volumes of the pod in this drain: it visits all volumes of a pod at once. */
export function confirmVisits(state: GenerationState, visits: number, { monotonicMs }: DrainTime) {
  if (visits === 0 && state.confirmations.length === 0) return state;
  const confirmations = [...state.confirmations, ...Array.from({ length: visits }, () => monotonicMs)];
  return confirm({ ...state, confirmations });
}
