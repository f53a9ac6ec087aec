/**
 * The drains of a pod: right after swaps there are a hundred a second, and most of them concern no more than one folder.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { type GenerationState, markLost } from '../../../src/core/reads/generation-state.ts';
import { observePod } from '../../../src/core/reads/pod-reads.ts';
import type { DrainTime, ReadEvent } from '../../../src/core/reads/read-event.ts';
import { createPodDrains } from '../../../src/sources/reads/pod-drains.ts';
import type { Drained } from '../../../src/sources/reads/protocol.ts';
import {
  begin,
  createWatchedToken,
  type WatchedGeneration,
} from '../../../src/sources/reads/watched-token.ts';
import { NOW } from '../../support/tokens.ts';

const DRAIN_MS = 10;
/** By then, nothing is pending that no further event would explain. */
const LAST_MS = 10_000;
const FOLDERS: readonly (readonly string[])[] = [
  ['token', 'ca.crt', 'namespace'],
  ['token', 'ca.crt'],
  ['token'],
  ['token'],
];

interface Step {
  /** Number of drains since the one before, all of them empty. */
  readonly after: number;
  readonly folder: number;
  readonly events: readonly ReadEvent[];
  readonly isLossy: boolean;
}

const name = fc.constantFrom('token', 'token', 'ca.crt', 'namespace');
const event: fc.Arbitrary<ReadEvent> = fc.oneof(
  name.map((one): ReadEvent => ({ kind: 'opened', name: one })),
  name.map((one): ReadEvent => ({ kind: 'closed', name: one })),
  fc.constantFrom<ReadEvent>({ kind: 'folder_opened', name: '' }, { kind: 'volume_opened', name: '' }),
);
const step: fc.Arbitrary<Step> = fc.record({
  after: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 600 })),
  folder: fc.nat({ max: FOLDERS.length - 1 }),
  events: fc.array(event, { maxLength: 5 }),
  isLossy: fc.integer({ min: 0, max: 40 }).map((chance) => chance === 0),
});

function generationsOf(): readonly WatchedGeneration[] {
  return FOLDERS.map((files, watch) => {
    const token = createWatchedToken(`volume-${watch}`, '', 'token', true);
    const started = { watch, id: watch, generation: 'one', holder: '', files, isBusy: false, blindMs: 0 };
    const seen = { ...started, opensBefore: 0, opensAfter: 0 };
    return begin(token, seen, { at: NOW, monotonicMs: 0 }) ?? assert.fail('not watched');
  });
}

/** One drain for each ten milliseconds. */
function drainsOf(steps: readonly Step[]): readonly (Step | undefined)[] {
  const drains = steps.flatMap((one) => [...Array.from({ length: one.after - 1 }, () => undefined), one]);
  return [...drains, ...Array.from({ length: LAST_MS / DRAIN_MS }, () => undefined)];
}

function timeOf(index: number): DrainTime {
  const monotonicMs = (index + 1) * DRAIN_MS;
  const since = { sinceMs: index === 0 ? monotonicMs : monotonicMs - DRAIN_MS, sinceSwapMs: undefined };
  return { at: NOW + monotonicMs / 1_000, monotonicMs, ...since };
}

/** The states of all folders, if all of them are observed in each drain. */
function expected(drains: readonly (Step | undefined)[]) {
  return drains.reduce(
    (states, one, index) => {
      const time = timeOf(index);
      const folders = states.map((state, folder) => {
        return { state, events: one?.folder === folder ? one.events : [] };
      });
      const next = observePod(folders, () => time);
      return next.map((state, folder) =>
        one?.isLossy === true && one.folder === folder ? markLost(state) : state,
      );
    },
    generationsOf().map(({ state }) => state),
  );
}

function observed(drains: readonly (Step | undefined)[]) {
  const generations = generationsOf();
  const pods = createPodDrains(() => assert.fail('the clock was not set'));
  pods.add('pod', generations);
  for (const [index, one] of drains.entries()) {
    const { at, monotonicMs } = timeOf(index);
    const drained: readonly Drained[] =
      one === undefined
        ? []
        : [
            {
              watch: one.folder,
              events: one.events,
              isLossy: one.isLossy,
              hasEnded: false,
              sinceSwapMs: undefined,
            },
          ];
    pods.drain(drained, { at, monotonicMs });
  }
  return generations.map(({ state }) => state);
}

/** Times are the result of different sums. */
function rounded<T>(value: T): T {
  return JSON.parse(
    JSON.stringify(value, (_, one) => {
      if (typeof one === 'bigint') return `${one}`;
      if (one instanceof Map) return [...one];
      return typeof one === 'number' ? Math.round(one * 1_000) / 1_000 : one;
    }),
  );
}

/** Further reads of a token that was read are not counted, and walks end with the next event only. */
function resultsOf(states: readonly GenerationState[]): readonly GenerationState[] {
  return states.map((state) => ({ ...state, foreign: Math.min(1, state.foreign), walks: 0 }));
}

describe('the drains of a pod', () => {
  it('lead to the same reads as if every folder were observed in each of them', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
        const drains = drainsOf(steps);
        assert.deepEqual(rounded(resultsOf(observed(drains))), rounded(resultsOf(expected(drains))));
      }),
      { numRuns: 300, seed: 20_261_130 },
    );
  });
});
