/**
 * The watched generations of each pod, and what a drain of the thread means for them.
 *
 * A pod is observed as a whole, since the kubelet visits all its volumes at once.
 */
import type { GenerationResult } from '../../core/reads/generation-reads.ts';
import { observePod } from '../../core/reads/pod-reads.ts';
import type { DrainTime, ReadEvent } from '../../core/reads/read-event.ts';
import type { EpochSeconds } from '../../core/token/token.ts';
import type { Drained } from './protocol.ts';
import { end, type Instant, lose, settle, type WatchedGeneration } from './watched-token.ts';

export interface PodDrains {
  readonly add: (podUid: string, generations: readonly WatchedGeneration[]) => void;
  readonly remove: (podUid: string, generations: Iterable<WatchedGeneration>) => void;
  /** Takes the events of all folders. Returns whether the reads of any token have changed. */
  readonly drain: (drained: readonly Drained[], time: Instant) => boolean;
  /** The last complete visit of the kubelet, or the last swap; undefined if nothing was watched since. */
  readonly lastVisitAt: () => EpochSeconds | undefined;
}

/** More than that, and the wall clock was set. */
const CLOCK_STEP_SECONDS = 1;
/** Later than any visit ends, or is given up: what happened in a pod is settled by then. */
const SETTLING_MS = 10_000;

interface WatchedPod {
  readonly podUid: string;
  readonly generations: Set<WatchedGeneration>;
  /** Until then it is observed even without events. */
  settledMs: number;
}

interface State {
  readonly pods: Map<string, WatchedPod>;
  readonly podByWatch: Map<number, WatchedPod>;
  /** By the clock that is never set. Undefined if nothing is watched: what the kubelet does since is not known. */
  lastVisitMs: number | undefined;
  lastVisitAt: EpochSeconds | undefined;
  /** What the wall clock is ahead of the other one; undefined before the first drain. */
  aheadSeconds: number | undefined;
  readonly onClockSet: () => void;
}

type ByWatch = ReadonlyMap<number, Drained>;

const NO_EVENTS: readonly ReadEvent[] = [];

function observe(
  generations: readonly WatchedGeneration[],
  byWatch: ByWatch,
  time: Instant,
  ended: readonly GenerationResult[] = [],
): void {
  const timeOf = (watch: number): DrainTime => ({ ...time, sinceSwapMs: byWatch.get(watch)?.sinceSwapMs });
  const times = new Map(generations.map(({ state, started }) => [state, timeOf(started.watch)]));
  const folders = generations.map(({ state, started }) => {
    return { state, events: byWatch.get(started.watch)?.events ?? NO_EVENTS };
  });
  const withoutEvents = { ...time, sinceSwapMs: undefined };
  const states = observePod(folders, (state) => times.get(state) ?? withoutEvents, ended);
  for (const [index, generation] of generations.entries())
    generation.state = states[index] ?? generation.state;
}

/** Whether something may have to be settled without a further event. */
function isPending({ state: { visit, unconfirmed, confirmations, expected } }: WatchedGeneration): boolean {
  return visit !== undefined || unconfirmed.length > 0 || confirmations.length > 0 || expected.size > 0;
}

/** The folders that the drain concerns: all of the pod if the kubelet may have visited it. */
function concernedBy(pod: WatchedPod, byWatch: ByWatch): readonly WatchedGeneration[] {
  const all = [...pod.generations];
  const concerned = all.filter((one) => byWatch.has(one.started.watch) || isPending(one));
  const mayBeVisit = concerned.some(
    (one) =>
      isPending(one) ||
      byWatch.get(one.started.watch)?.hasEnded === true ||
      byWatch.get(one.started.watch)?.events.some(({ kind }) => kind === 'folder_opened') === true,
  );
  return mayBeVisit ? all : concerned;
}

function endFolders(pod: WatchedPod, byWatch: ByWatch, time: Instant): readonly GenerationResult[] {
  const ending = [...pod.generations].filter(({ started }) => byWatch.get(started.watch)?.hasEnded === true);
  return ending.map((generation) => {
    pod.generations.delete(generation);
    const sinceSwapMs = byWatch.get(generation.started.watch)?.sinceSwapMs;
    return end(generation, { ...time, sinceSwapMs });
  });
}

/** Returns whether the reads of any of its tokens have changed. */
function observeWatchedPod(pod: WatchedPod, byWatch: ByWatch, time: Instant): boolean {
  const generations = concernedBy(pod, byWatch);
  observe(generations, byWatch, time);
  // Events that came before others were lost still count.
  for (const one of generations) if (byWatch.get(one.started.watch)?.isLossy === true) lose(one);
  const ended = endFolders(pod, byWatch, time);
  if (ended.length > 0) observe([...pod.generations], new Map(), time, ended);
  return [...new Set(generations.map(({ token }) => token))].map(settle).some((hasChanged) => hasChanged);
}

function lastVisitIn({ generations }: WatchedPod): number {
  return Math.max(...Array.from(generations, ({ state }) => state.lastVisitMs ?? Number.NEGATIVE_INFINITY));
}

function noteVisit(state: State, lastMs: number, { at, monotonicMs }: Instant): boolean {
  if (lastMs <= (state.lastVisitMs ?? Number.NEGATIVE_INFINITY)) return false;
  state.lastVisitMs = lastMs;
  state.lastVisitAt = at - (monotonicMs - lastMs) / 1_000;
  return true;
}

/** Returns whether there was a later one than before. */
function noteVisits(state: State, pods: readonly WatchedPod[], time: Instant): boolean {
  return noteVisit(state, Math.max(...pods.map(lastVisitIn)), time);
}

/** The last visit does not become older when the clock is set. Returns whether the clock was set. */
function followClock(state: State, { at, monotonicMs }: Instant): boolean {
  const ahead = at - monotonicMs / 1_000;
  const step = ahead - (state.aheadSeconds ?? ahead);
  state.aheadSeconds = ahead;
  if (Math.abs(step) <= CLOCK_STEP_SECONDS) return false;
  if (state.lastVisitAt !== undefined) state.lastVisitAt += step;
  state.onClockSet();
  return true;
}

function removePod(state: State, podUid: string): void {
  state.pods.delete(podUid);
  if (state.pods.size > 0) return;
  state.lastVisitMs = undefined;
  state.lastVisitAt = undefined;
}

/** The pods with events, and those in which a visit may not have ended. */
function podsToObserve({ pods, podByWatch }: State, drained: readonly Drained[], { monotonicMs }: Instant) {
  for (const { watch } of drained) {
    const pod = podByWatch.get(watch);
    if (pod !== undefined) pod.settledMs = monotonicMs + SETTLING_MS;
  }
  return [...pods.values()].filter(({ settledMs }) => settledMs >= monotonicMs);
}

function remove(state: State, podUid: string, generations: Iterable<WatchedGeneration>): void {
  const pod = state.pods.get(podUid);
  if (pod === undefined) return;
  for (const generation of generations) {
    pod.generations.delete(generation);
    state.podByWatch.delete(generation.started.watch);
  }
  if (pod.generations.size === 0) removePod(state, podUid);
}

function forget(state: State, watch: number): void {
  const pod = state.podByWatch.get(watch);
  state.podByWatch.delete(watch);
  if (pod?.generations.size === 0) removePod(state, pod.podUid);
}

/** `onClockSet` is called after the wall clock was set. */
export function createPodDrains(onClockSet: () => void): PodDrains {
  const state: State = {
    pods: new Map(),
    podByWatch: new Map(),
    lastVisitMs: undefined,
    lastVisitAt: undefined,
    aheadSeconds: undefined,
    onClockSet,
  };
  const { pods, podByWatch } = state;
  return {
    add: (podUid, generations) => {
      const pod = pods.get(podUid) ?? { podUid, generations: new Set(), settledMs: 0 };
      pods.set(podUid, pod);
      for (const generation of generations) {
        pod.generations.add(generation);
        podByWatch.set(generation.started.watch, pod);
        settle(generation.token);
        // The kubelet swaps what it has just compared, in a visit that is not complete.
        const { blindMs, at, monotonicMs } = generation.state;
        if (blindMs !== undefined) noteVisit(state, monotonicMs, { at, monotonicMs });
      }
    },
    remove: (podUid, generations) => remove(state, podUid, generations),
    drain: (drained, time) => {
      const byWatch = new Map(drained.map((one) => [one.watch, one]));
      const active = podsToObserve(state, drained, time);
      const changed = active.filter((pod) => observeWatchedPod(pod, byWatch, time));
      for (const { watch, hasEnded } of drained) if (hasEnded) forget(state, watch);
      const isSet = followClock(state, time);
      return noteVisits(state, active, time) || isSet || changed.length > 0;
    },
    lastVisitAt: () => state.lastVisitAt,
  };
}
