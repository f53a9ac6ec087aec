/**
 * The exporter's own opens in a generation: announced, and expected until their events have come, which look like any other.
 */
import { type GenerationState, NOTHING_EXPECTED } from './generation-state.ts';
import { SLOW_VISIT_MS } from './kubelet-visit.ts';

/** The exporter opens a file, or the directory. */
export interface OwnOpen {
  /** Empty for the directory. */
  readonly name: string;
  /** Whether the watch was in place before the open, so that it has an event. */
  readonly isWatched: boolean;
  readonly monotonicMs: number;
}

/** To be called before the event of the open is observed, once for each open of this generation that succeeds. */
export function announceOpen(
  state: GenerationState,
  { name, isWatched, monotonicMs }: OwnOpen,
): GenerationState {
  if (!isWatched) return name === state.tokenFile ? { ...state, maybeOwn: state.maybeOwn + 1 } : state;
  // Another open must not prolong the wait for one whose event never comes.
  const live = expireExpected(state, monotonicMs);
  const expected = new Map(live.expected);
  expected.set(name, (expected.get(name) ?? 0) + 1);
  return { ...live, expected, expectedMs: monotonicMs };
}

/** Takes an open for the exporter's own if one is expected. Whose of two opens comes first makes no difference. */
export function takeExpected(state: GenerationState, name: string): GenerationState | undefined {
  const count = state.expected.get(name) ?? 0;
  if (count === 0) return undefined;
  const expected = new Map(state.expected);
  if (count === 1) expected.delete(name);
  else expected.set(name, count - 1);
  return { ...state, expected };
}

/** The open was not made after all, or its event was merged into another: which open was taken for it is not known. */
export function expireExpected(state: GenerationState, monotonicMs: number): GenerationState {
  if (state.expected.size === 0 || monotonicMs - state.expectedMs <= SLOW_VISIT_MS) return state;
  return { ...state, expected: NOTHING_EXPECTED, ambiguous: state.ambiguous + 1 };
}
