/**
 * Drains in which files were only opened and closed mean the same as their events one by one.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { readAgain } from '../../../src/core/reads/calm-drains.ts';
import { observe } from '../../../src/core/reads/generation-reads.ts';
import type { GenerationState } from '../../../src/core/reads/generation-state.ts';
import { eventsIn, play, start, timeAt } from './sequences.ts';

describe('opens and closes of files', () => {
  /** All sequences of so many of these. */
  function sequences(length: number): readonly string[] {
    if (length === 0) return [''];
    return sequences(length - 1).flatMap((before) => ['t(', 't)', 'a('].map((part) => `${before} ${part}`));
  }

  function assertSame(state: GenerationState, ms: number): void {
    for (const events of sequences(5).map(eventsIn)) {
      const time = timeAt(ms, state);
      const oneByOne = events.reduce((next, event) => observe(next, [event], time), state);
      assert.deepEqual(observe(state, events, time), oneByOne);
    }
  }

  it('mean the same in one drain as one by one, outside of a visit and in one', () => {
    for (const before of ['', '/', '/ t', 't( a(', 'own:t', 'early:t', 'lost', '//'])
      assertSame(play(before).state, 1_000);
  });

  it('only move the time of the last read if the token was read before, and nothing else goes on', () => {
    const moved = new Set<string>();
    const befores = ['t', 't t(', 't /', 't / t', 't own:t', 't early:t', 't lost', 't //', '', '/ t a b'];
    for (const before of befores)
      for (const events of sequences(4).map(eventsIn)) {
        const { state, time } = play(before);
        const edited = { ...state };
        if (!readAgain(edited, events, time)) continue;
        moved.add(before);
        assert.deepEqual({ ...observe(state, events, time), foreign: state.foreign }, edited);
      }
    assert.deepEqual([...moved], ['t', 't t(']);
    const { state } = play('t');
    assert.equal(readAgain(state, eventsIn('t'), timeAt(20)), false, 'a reaction to the swap');
  });

  it('mean the same in one drain as one by one, right after the swap and a late watch', () => {
    assertSame(start(), 20);
    for (const blindMs of [60, undefined])
      for (const ms of [20, 1_000, 9_000]) assertSame(start({ blindMs }), ms);
  });
});
