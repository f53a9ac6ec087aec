/**
 * Where a pod is in its life, as far as its tokens are concerned.
 *
 * The kubelet stops refreshing the tokens of a pod once it is marked for deletion, but its containers may run for hours
 * until the end of the grace period. A kubelet that is dead does not act on the mark at all: the containers run on.
 */
import type { PodFacts } from './cluster-facts.ts';
import type { EpochSeconds } from './token/token.ts';

/**
 * `active`: needs its tokens. `terminating`: needs them until the end of the grace period, without a refresh.
 * `finished`: its containers have ended. `absent`: the API server does not know it.
 */
export type PodStage = 'active' | 'terminating' | 'finished' | 'absent';

/** How long a kubelet may need at the end of the grace period to kill the containers and remove the volumes. */
const REMOVAL_SECONDS = 90;

/** Whether a working kubelet would have removed the pod by now. */
function isRemovalLate({ deletedAt }: PodFacts, now: EpochSeconds): boolean {
  return deletedAt !== undefined && now > deletedAt + REMOVAL_SECONDS;
}

/** `isStalled`: a stall of the node has made a token of the pod overdue, so the kubelet does not act on the deletion. */
export function stageOf(
  pod: PodFacts | 'absent' | undefined,
  now: EpochSeconds,
  isStalled: boolean,
): PodStage {
  if (pod === undefined) return 'active';
  if (pod === 'absent') return isStalled ? 'active' : 'absent';
  if (pod.phase === 'Succeeded' || pod.phase === 'Failed') return 'finished';
  if (!pod.isTerminating || isStalled || isRemovalLate(pod, now)) return 'active';
  return 'terminating';
}
