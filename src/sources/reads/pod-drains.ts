/**
 * What a drain of the thread means for the watched generations of each pod.
 */
import { readAgain } from '../../core/reads/calm-drains.ts';
import { observe as observeGeneration } from '../../core/reads/generation-reads.ts';
import type { GenerationResult } from '../../core/reads/generation-result.ts';
import { SLOW_VISIT_MS } from '../../core/reads/kubelet-visit.ts';
import { observePod } from '../../core/reads/pod-reads.ts';
import type { DrainTime, ReadEvent } from '../../core/reads/read-event.ts';
import type { EpochSeconds } from '../../core/token/token.ts';
import { followClock, noteVisit, type OnClockSet } from './last-visit.ts';
import type { Drained } from './protocol.ts';
import { add, createWatchedPods, forget, remove, type WatchedPod, type WatchedPods } from './watched-pods.ts';
import { end, type Instant, lose, settle, type WatchedGeneration } from './watched-token.ts';

export interface PodDrains {
  readonly add: (podUid: string, generations: readonly WatchedGeneration[]) => void;
  readonly remove: (podUid: string, generations: Iterable<WatchedGeneration>) => void;
  /** Takes the events of all folders. */
  readonly drain: (drained: readonly Drained[], time: Instant) => void;
  /** After a time without drains, in which the wall clock may have been set. */
  readonly resume: (time: Instant) => void;
  /** Whether the last drain is so long ago that a volume may have been swapped twice since. */
  readonly isLate: (time: Instant) => boolean;
  /** Brings the reads of tokens up to date. Returns whether any, or the last visit, has changed since the last call. */
  readonly settle: () => boolean;
  /** The last complete visit of the kubelet, or the last swap; undefined if nothing was watched since. */
  readonly lastVisitAt: () => EpochSeconds | undefined;
}

/** More than a reaction to a swap takes. */
const SWAP_MS = 1_000;
/** Pods without events are not observed more often: drains are a second apart, but 10 ms right after swaps. */
const PENDING_MS = 500;

type ByWatch = ReadonlyMap<number, Drained>;

const NO_EVENTS: readonly ReadEvent[] = [];

/** The time of a drain for one folder. A swap that is long over makes no difference. */
function timeOf(drained: Drained | undefined, time: DrainTime): DrainTime {
  const sinceSwapMs = drained?.sinceSwapMs ?? Number.POSITIVE_INFINITY;
  return sinceSwapMs > SWAP_MS ? time : { ...time, sinceSwapMs };
}

function observe(
  generations: readonly WatchedGeneration[],
  byWatch: ByWatch,
  time: DrainTime,
  ended: readonly GenerationResult[] = [],
): void {
  const times = new Map(
    generations.map(({ state, started }) => [state, timeOf(byWatch.get(started.watch), time)]),
  );
  const folders = generations.map(({ state, started }) => {
    return { state, events: byWatch.get(started.watch)?.events ?? NO_EVENTS };
  });
  const states = observePod(folders, (state) => times.get(state) ?? time, ended);
  for (const [index, generation] of generations.entries())
    generation.state = states[index] ?? generation.state;
}

/** Whether something may have to be settled without a further event. */
function isPending({ state: { visit, unconfirmed, confirmations, expected } }: WatchedGeneration): boolean {
  return visit !== undefined || unconfirmed.length > 0 || confirmations.length > 0 || expected.size > 0;
}

/** Whether the kubelet may have come, so that the other folders of the pod are concerned. */
function mayBeVisit({ hasEnded, events }: Drained): boolean {
  return hasEnded || events.some(({ kind }) => kind !== 'opened' && kind !== 'closed');
}

/** Most drains of a pod: files were opened in one of its folders, and the kubelet is not on a visit. */
function observeFolder(state: WatchedPods, pod: WatchedPod, drained: Drained, time: DrainTime): void {
  const drainTime = timeOf(drained, time);
  pod.generations.forEach((generation) => {
    if (generation.started.watch !== drained.watch) return;
    state.unsettled.add(generation.token);
    if (!drained.isLossy && readAgain(generation.state, drained.events, drainTime)) return;
    generation.state = observeGeneration(generation.state, drained.events, drainTime);
    if (drained.isLossy) lose(generation);
    if (isPending(generation)) state.pending.add(pod);
  });
}

function endFolders(pod: WatchedPod, byWatch: ByWatch, time: DrainTime): readonly GenerationResult[] {
  const ending = [...pod.generations].filter(({ started }) => byWatch.get(started.watch)?.hasEnded === true);
  return ending.map((generation) => {
    pod.generations.delete(generation);
    return end(generation, timeOf(byWatch.get(generation.started.watch), time));
  });
}

function lastVisitIn(generations: readonly WatchedGeneration[]): number {
  return Math.max(...generations.map(({ state }) => state.lastVisitMs ?? Number.NEGATIVE_INFINITY));
}

function observeWatchedPod(state: WatchedPods, pod: WatchedPod, byWatch: ByWatch, time: DrainTime): void {
  const generations = [...pod.generations];
  observe(generations, byWatch, time);
  // Events that came before others were lost still count.
  for (const one of generations) if (byWatch.get(one.started.watch)?.isLossy === true) lose(one);
  const ended = endFolders(pod, byWatch, time);
  if (ended.length > 0) observe([...pod.generations], new Map(), time, ended);
  for (const { token } of generations) state.unsettled.add(token);
  noteVisit(state, lastVisitIn(generations), time);
  if ([...pod.generations].some(isPending)) state.pending.add(pod);
}

/** The pods to be observed as a whole: a visit may begin or has not ended. `isPendingDue`: also those without events. */
function visitedPods(
  { podByWatch, pending }: WatchedPods,
  drained: readonly Drained[],
  isPendingDue: boolean,
) {
  const visited = new Map<WatchedPod, Map<number, Drained>>();
  if (isPendingDue) for (const pod of pending) visited.set(pod, new Map());
  drained.forEach((one) => {
    const pod = podByWatch.get(one.watch);
    if (pod === undefined || visited.has(pod)) return;
    if (pending.has(pod) || mayBeVisit(one)) visited.set(pod, new Map());
  });
  return visited;
}

/** The loops over all folders leave no garbage: there may be a hundred each second. */
function drainPods(
  state: WatchedPods,
  drained: readonly Drained[],
  time: DrainTime,
  isPendingDue: boolean,
): void {
  const visited = visitedPods(state, drained, isPendingDue);
  drained.forEach((one) => {
    const pod = state.podByWatch.get(one.watch);
    if (pod === undefined) return;
    const folders = visited.get(pod);
    if (folders === undefined) observeFolder(state, pod, one, time);
    else folders.set(one.watch, one);
  });
  for (const [pod, folders] of visited) {
    state.pending.delete(pod);
    observeWatchedPod(state, pod, folders, time);
  }
}

function settleAll(state: WatchedPods): boolean {
  const { unsettled } = state;
  let { hasChanged } = state;
  state.hasChanged = false;
  for (const token of unsettled) hasChanged = settle(token) || hasChanged;
  // A set that was cleared keeps its earlier memory alive until a full garbage collection.
  state.unsettled = new Set();
  return hasChanged;
}

/** `onClockSet` is called after the wall clock was set, by so many seconds. */
export function createPodDrains(onClockSet: OnClockSet): PodDrains {
  const state = createWatchedPods(onClockSet);
  /** The drain before, by the clock that is never set. */
  let drainedMs: number | undefined;
  /** The last drain in which pods without events were observed, too. */
  let pendingSeenMs = Number.NEGATIVE_INFINITY;
  return {
    add: (podUid, generations) => add(state, podUid, generations),
    remove: (podUid, generations) => remove(state, podUid, generations),
    drain: (drained, time) => {
      const { monotonicMs } = time;
      const sinceMs = drainedMs ?? monotonicMs;
      const isPendingDue = monotonicMs - pendingSeenMs >= PENDING_MS;
      drainPods(state, drained, { ...time, sinceMs, sinceSwapMs: undefined }, isPendingDue);
      drainedMs = monotonicMs;
      if (isPendingDue) pendingSeenMs = monotonicMs;
      drained.forEach(({ watch, hasEnded }) => {
        if (hasEnded) forget(state, watch);
      });
      followClock(state, time);
    },
    resume: (time) => {
      followClock(state, time);
      drainedMs = undefined;
    },
    isLate: ({ monotonicMs }) => monotonicMs - (drainedMs ?? monotonicMs) > SLOW_VISIT_MS,
    settle: () => settleAll(state),
    lastVisitAt: () => state.lastVisitAt,
  };
}
