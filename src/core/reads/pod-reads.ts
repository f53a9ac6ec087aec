/**
 * The events of one drain for all watched directories of a pod.
 *
 * In a directory with a single file, a visit of the kubelet equals `ls` and `cat`. The kubelet visits all volumes of a
 * pod at once, so a visit to a directory with several files confirms it.
 */
import { observe } from './generation-reads.ts';
import type { GenerationResult } from './generation-result.ts';
import type { GenerationState } from './generation-state.ts';
import type { DrainTime, ReadEvent } from './read-event.ts';
import { confirmVisits } from './visit-confirmations.ts';

/** One watched directory. A directory that holds several tokens has one of these for each. */
export interface FolderDrain {
  readonly state: GenerationState;
  /** Empty if nothing happened there. */
  readonly events: readonly ReadEvent[];
}

/** Returns the new states, in the same order. `ended` are the generations of the pod that a rotation has just ended. */
export function observePod(
  folders: readonly FolderDrain[],
  timeOf: (state: GenerationState) => DrainTime,
  ended: readonly GenerationResult[] = [],
): readonly GenerationState[] {
  const observed = folders.map(({ state, events }) => observe(state, events, timeOf(state)));
  const visits = observed.map((state, index) => {
    const before = folders[index]?.state;
    return state.files.length > 1 ? state.visits - (before?.visits ?? 0) : 0;
  });
  const cut = Number(ended.some(({ isLastVisitCut }) => isLastVisitCut));
  const confirmed = Math.max(cut, ...visits);
  return observed.map((state) =>
    state.files.length > 1 ? state : confirmVisits(state, confirmed, timeOf(state)),
  );
}
