/**
 * Who opened the token during one generation of its volume: a reducer over the events of the directory that holds it.
 *
 * What it cannot attribute makes the generation `unknown`.
 */
import { addOpens, isCalm } from './calm-drains.ts';
import { expireExpected, takeExpected } from './expected-opens.ts';
import { type GenerationState, isAtSwap, markLost } from './generation-state.ts';
import {
  explainIncomplete,
  explainWhole,
  isCertain,
  isOver,
  isWhole,
  openFile,
  openFolder,
  SLOW_VISIT_MS,
  VISIT_MS,
  type Visit,
} from './kubelet-visit.ts';
import type { DrainTime, ReadEvent } from './read-event.ts';
import { addExplained, addTokenOpens } from './token-opens.ts';
import { expireUnconfirmed } from './visit-confirmations.ts';

function completeVisit(state: GenerationState, visit: Visit, time: DrainTime): GenerationState {
  const { monotonicMs } = time;
  const isKubelet = isCertain(visit, state.files.length, monotonicMs);
  const next = addExplained({ ...state, visit: undefined }, explainWhole(visit, isKubelet), visit, time);
  if (!isKubelet) return next;
  const visited = { ...next, lastVisitAt: time.at, lastVisitMs: monotonicMs, visits: next.visits + 1 };
  return state.files.length > 1
    ? visited
    : { ...visited, unconfirmed: [...visited.unconfirmed, monotonicMs] };
}

function addOpen(state: GenerationState, name: string, time: DrainTime): GenerationState {
  const isToken = name === state.tokenFile;
  if (state.isLost) return isToken ? { ...state, ambiguous: state.ambiguous + 1 } : state;
  if (state.visit === undefined || (isToken && isAtSwap(time)))
    return isToken ? addTokenOpens(state, 1, time) : state;
  const visit = openFile(state.visit, state.files.indexOf(name), isToken);
  return isWhole(visit, state.files.length) ? completeVisit(state, visit, time) : { ...state, visit };
}

function addOpenOrOwn(state: GenerationState, name: string, time: DrainTime): GenerationState {
  if (!state.files.includes(name)) return state;
  return takeExpected(state, name) ?? addOpen(state, name, time);
}

/** More closes than opens: the kernel merged two opens, or one came before the watch. */
function addClose(state: GenerationState, time: DrainTime): GenerationState {
  return state.held > 0 ? { ...state, held: state.held - 1 } : addOpenOrOwn(state, state.tokenFile, time);
}

/** The walk is the kubelet's disk usage scan, or `find`. It opens this directory next, unless it stops before. */
function addWalk(state: GenerationState, { monotonicMs }: DrainTime): GenerationState {
  return { ...state, walks: state.walks + 1, walkMs: monotonicMs };
}

function expireWalks(state: GenerationState, monotonicMs: number): GenerationState {
  return state.walks > 0 && monotonicMs - state.walkMs > VISIT_MS ? { ...state, walks: 0 } : state;
}

function addFolder(state: GenerationState, { monotonicMs }: DrainTime): GenerationState {
  if (state.isLost) return state;
  const isWalk = state.walks > 0;
  const visit = openFolder(state.visit, monotonicMs, isWalk);
  return { ...state, isVisited: true, visit, walks: state.walks - Number(isWalk) };
}

function addEvent(state: GenerationState, { kind, name }: ReadEvent, time: DrainTime): GenerationState {
  const isToken = name === state.tokenFile;
  switch (kind) {
    case 'volume_opened':
      return addWalk(state, time);
    case 'folder_opened':
      return name === '' ? (takeExpected(state, name) ?? addFolder(state, time)) : state;
    case 'opened':
      return addOpenOrOwn(isToken ? { ...state, held: state.held + 1 } : state, name, time);
    case 'closed':
      return isToken ? addClose(state, time) : state;
  }
}

/** A visit that has not become complete in time was not the kubelet's, or was slow. */
function expireVisit(state: GenerationState, time: DrainTime): GenerationState {
  const { visit } = state;
  if (visit === undefined || !isOver(visit, time.sinceMs ?? time.monotonicMs)) return state;
  return addExplained({ ...state, visit: undefined }, explainIncomplete(visit), visit, time);
}

/** Settles what no further event will explain. */
export function expire(state: GenerationState, time: DrainTime): GenerationState {
  const { monotonicMs, sinceMs = monotonicMs } = time;
  const next = expireExpected(expireVisit(expireWalks(state, sinceMs), time), sinceMs);
  return expireUnconfirmed(next, monotonicMs);
}

/**
 * The process did not run for a while: the kubelet may have come twice in one drain, and the rest of its visit may be in
 * the next one, which is late as well. A file opened without the directory is a read, whenever it was.
 */
function isTooLate({ visit, expected }: GenerationState, events: readonly ReadEvent[], time: DrainTime) {
  const { monotonicMs, sinceMs = monotonicMs } = time;
  const isVisit = events.some(({ kind }) => kind === 'folder_opened' || kind === 'volume_opened');
  const isConcerned = isVisit || visit !== undefined || expected.size > 0;
  return isConcerned && monotonicMs - sinceMs > SLOW_VISIT_MS;
}

/** Reads the events of one drain. */
export function observe(
  state: GenerationState,
  events: readonly ReadEvent[],
  time: DrainTime,
): GenerationState {
  const live = expire(state, time);
  if (isCalm(live, events)) return addOpens(live, events, time);
  const before = isTooLate(live, events, time) ? markLost(live) : live;
  return events.reduce((next, event) => addEvent(next, event, time), before);
}
