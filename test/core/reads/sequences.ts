/**
 * Event sequences of one generation in a short notation, and the classifier that reads them.
 *
 * `//` is an open of the directory of the volume and `/` one of the directory of the generation, `t` a complete read of the token, `a` and `b` those of the other files; `t(` is an
 * open and `t)` a close. `|` ends a drain; the next one is a second later. `..` is a minute without events.
 */

import { announceOpen } from '../../../src/core/reads/expected-opens.ts';
import { observe } from '../../../src/core/reads/generation-reads.ts';
import { endGeneration, type GenerationResult } from '../../../src/core/reads/generation-result.ts';
import { type GenerationState, markLost, startGeneration } from '../../../src/core/reads/generation-state.ts';
import type { DrainTime, ReadEvent } from '../../../src/core/reads/read-event.ts';
import { NOW } from '../../support/tokens.ts';

/** Every generation but the last of a pod ends like this: the kubelet finds that the token differs. */
export const CUT = '/ a t';

const FILES = ['token', 'ca.crt', 'namespace'] as const;
const NAMES: Readonly<Record<string, string>> = { t: 'token', a: 'ca.crt', b: 'namespace' };

export function start(
  overrides: Partial<Pick<GenerationState, 'files' | 'blindMs' | 'at'>> = {},
): GenerationState {
  return startGeneration({
    tokenFile: 'token',
    files: FILES,
    at: NOW,
    monotonicMs: 0,
    blindMs: 0.2,
    ...overrides,
  });
}

/** `ms` after the swap. */
export function timeAt(ms: number, { at, blindMs } = start()): DrainTime {
  return { at: at + ms / 1_000, monotonicMs: ms, sinceSwapMs: blindMs === undefined ? undefined : ms };
}

function eventsOf(part: string): readonly ReadEvent[] {
  if (part === '//') return [{ kind: 'volume_opened', name: '' }];
  if (part === '/') return [{ kind: 'folder_opened', name: '' }];
  const [letter = '', bracket] = part;
  const name = NAMES[letter] ?? letter;
  const open: ReadEvent = { kind: 'opened', name };
  const close: ReadEvent = { kind: 'closed', name };
  if (bracket === undefined) return [open, close];
  return bracket === '(' ? [open] : [close];
}

/** The events of one drain. */
export function eventsIn(text: string): readonly ReadEvent[] {
  return text
    .split(' ')
    .filter((part) => part !== '')
    .flatMap(eventsOf);
}

/** Events with the gaps between drains, in milliseconds. */
interface Drain {
  readonly afterMs: number;
  readonly parts: readonly string[];
}

function drainsOf(text: string): readonly Drain[] {
  const drains: { afterMs: number; parts: string[] }[] = [{ afterMs: 0, parts: [] }];
  for (const part of text.split(' ').filter((one) => one !== '')) {
    if (part === '|') drains.push({ afterMs: 1_000, parts: [] });
    else if (part === '..') drains.push({ afterMs: 60_000, parts: [] });
    else drains.at(-1)?.parts.push(part);
  }
  return drains;
}

/** `own:t` announces an open of the exporter, `own:/` one of the directory, `early:t` one that may have come before the watch. */
function add(state: GenerationState, part: string, time: DrainTime): GenerationState {
  if (part === 'lost') return markLost(state);
  const [what = '', letter = ''] = part.split(':');
  const name = NAMES[letter] ?? '';
  if (what === 'own') return announceOpen(state, { name, isWatched: true, monotonicMs: time.monotonicMs });
  if (what === 'early') return announceOpen(state, { name, isWatched: false, monotonicMs: time.monotonicMs });
  return observe(state, eventsOf(part), time);
}

/** Reads the sequence from a second after the swap, or from `startMs`. */
export function play(text: string, state = start(), startMs = 1_000) {
  let ms = startMs;
  let current = state;
  for (const { afterMs, parts } of drainsOf(text)) {
    ms += afterMs;
    const time = timeAt(ms, state);
    current = observe(current, [], time);
    for (const part of parts) current = add(current, part, time);
  }
  return { state: current, time: timeAt(ms, state) };
}

/** Ends the generation right after the last event. */
export function resultOf(text: string, state = start(), startMs = 1_000): GenerationResult {
  const played = play(text, state, startMs);
  return endGeneration(played.state, played.time);
}
