/**
 * The status that a kubelet posts of a pod: running, or ended well.
 *
 * The conditions are those of captured pods. Knows nothing of volumes.
 */
import { apiTime } from './api-time.ts';
import type { Pod, PodCondition } from './objects.ts';

type Phrase = Pick<PodCondition, 'status' | 'reason'>;

const YES: Phrase = { status: 'True' };
const COMPLETED = 'PodCompleted';

/** Every condition, as it is of a running pod and of one that has ended. */
const CONDITIONS: readonly (readonly [type: string, running: Phrase, ended: Phrase])[] = [
  ['PodReadyToStartContainers', YES, { status: 'False' }],
  ['Initialized', YES, { status: 'True', reason: COMPLETED }],
  ['Ready', YES, { status: 'False', reason: COMPLETED }],
  ['ContainersReady', YES, { status: 'False', reason: COMPLETED }],
  ['PodScheduled', YES, YES],
];

function condition(type: string, phrase: Phrase, now: number): PodCondition {
  return { type, ...phrase, lastProbeTime: null, lastTransitionTime: apiTime(now) };
}

export function runningStatus(now: number): NonNullable<Pod['status']> {
  return {
    phase: 'Running',
    conditions: CONDITIONS.map(([type, running]) => condition(type, running, now)),
    startTime: apiTime(now),
  };
}

/** The pod once its containers ended well. */
export function completed(pod: Pod, now: number): Pod {
  const conditions = CONDITIONS.map(([type, , ended]) => condition(type, ended, now));
  return { ...pod, status: { ...pod.status, phase: 'Succeeded', conditions } };
}
