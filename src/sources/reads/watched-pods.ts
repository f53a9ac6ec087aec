/**
 * The pods with watched generations.
 *
 * A pod is observed as a whole, since the kubelet visits all its volumes at once.
 */
import { createLastVisit, forgetVisit, type LastVisit, noteVisit, type OnClockSet } from './last-visit.ts';
import type { WatchedGeneration, WatchedToken } from './watched-token.ts';

export interface WatchedPod {
  readonly podUid: string;
  readonly generations: Set<WatchedGeneration>;
}

export interface WatchedPods extends LastVisit {
  readonly pods: Map<string, WatchedPod>;
  readonly podByWatch: Map<number, WatchedPod>;
  /** Those in which something may have to be settled without a further event. */
  readonly pending: Set<WatchedPod>;
  /** Tokens whose reads may have changed. Settled at the next scrape, not at each drain. */
  unsettled: Set<WatchedToken>;
}

function removePod(state: WatchedPods, pod: WatchedPod): void {
  state.pods.delete(pod.podUid);
  state.pending.delete(pod);
  if (state.pods.size === 0) forgetVisit(state);
}

export function add(state: WatchedPods, podUid: string, generations: readonly WatchedGeneration[]): void {
  const pod = state.pods.get(podUid) ?? { podUid, generations: new Set() };
  state.pods.set(podUid, pod);
  for (const generation of generations) {
    pod.generations.add(generation);
    state.podByWatch.set(generation.started.watch, pod);
    state.unsettled.add(generation.token);
    // The kubelet swaps what it has just compared, in a visit that is not complete.
    const { blindMs, at, monotonicMs } = generation.state;
    if (blindMs !== undefined) noteVisit(state, monotonicMs, { at, monotonicMs });
  }
}

export function remove(state: WatchedPods, podUid: string, generations: Iterable<WatchedGeneration>): void {
  const pod = state.pods.get(podUid);
  if (pod === undefined) return;
  for (const generation of generations) {
    pod.generations.delete(generation);
    state.podByWatch.delete(generation.started.watch);
    state.unsettled.delete(generation.token);
  }
  if (pod.generations.size === 0) removePod(state, pod);
}

export function forget(state: WatchedPods, watch: number): void {
  const pod = state.podByWatch.get(watch);
  state.podByWatch.delete(watch);
  if (pod?.generations.size === 0) removePod(state, pod);
}

export function createWatchedPods(onClockSet: OnClockSet): WatchedPods {
  return {
    pods: new Map(),
    podByWatch: new Map(),
    pending: new Set(),
    unsettled: new Set(),
    ...createLastVisit(onClockSet),
  };
}
