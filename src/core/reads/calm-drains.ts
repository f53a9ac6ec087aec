/**
 * Drains in which files were opened and closed, and neither the kubelet nor the exporter can have opened them: most of them.
 *
 * Cheap, because each second a node has a hundred folders with nothing else.
 */
import { type GenerationState, isAtSwap } from './generation-state.ts';
import type { DrainTime, ReadEvent } from './read-event.ts';
import { addTokenOpens, isMidVisit } from './token-opens.ts';

/** Whether an open of the token is a read, since neither the kubelet nor the exporter may have opened it. */
export function isCalm({ isLost, visit, expected }: GenerationState, events: readonly ReadEvent[]): boolean {
  const isQuiet = !isLost && visit === undefined && expected.size === 0;
  return isQuiet && events.every(({ kind }) => kind === 'opened' || kind === 'closed');
}

/** How often the token was opened in a calm drain, and how many opens were not closed so far. */
function countOpens({ held: before, tokenFile }: GenerationState, events: readonly ReadEvent[]) {
  let held = before;
  let opens = 0;
  events.forEach(({ kind, name }) => {
    if (name !== tokenFile) return;
    if (kind === 'opened') held += 1;
    if (kind === 'opened' || held === 0) opens += 1;
    else held -= 1;
  });
  return { opens, held };
}

/** Adds the opens and closes of files all at once. */
export function addOpens(
  state: GenerationState,
  events: readonly ReadEvent[],
  time: DrainTime,
): GenerationState {
  const { opens, held } = countOpens(state, events);
  return addTokenOpens(held === state.held ? state : { ...state, held }, opens, time);
}

function isSettled({ foreign, walks, unconfirmed, confirmations, maybeOwn }: GenerationState): boolean {
  return foreign > 0 && walks + unconfirmed.length + confirmations.length + maybeOwn === 0;
}

/**
 * If these are only further reads of a token that was read before, edits the time of the last one and returns true: a new
 * state for each of them is garbage. To be called instead of `observe`, by the only owner of the state.
 */
export function readAgain(state: GenerationState, events: readonly ReadEvent[], time: DrainTime): boolean {
  if (!isSettled(state) || !isCalm(state, events) || isAtSwap(time) || isMidVisit(state, time)) return false;
  const { opens, held } = countOpens(state, events);
  if (opens === 0 || held !== state.held) return false;
  state.lastReadAt = time.readAt ?? time.at;
  return true;
}
