/**
 * The reads of a token over its generations.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import {
  advanceReadHistory,
  type ReadHistory,
  setClock,
  startReadHistory,
  tokenReadsOf,
} from '../../../src/core/reads/token-reads.ts';
import { NOW } from '../../support/tokens.ts';
import { play, resultOf, start } from './sequences.ts';

const HOUR = 3_600;
const NONE = '/ t';
const READ = '.. t .. / t';
const LOST = 'lost / t';

/** The history after these generations, an hour each; the first was there before its watch. */
function historyOf(...generations: readonly string[]): ReadHistory {
  return generations.reduce(
    (history, events, index) => {
      const state = start({ at: NOW + index * HOUR, blindMs: index === 0 ? undefined : 0.2 });
      return advanceReadHistory(history, resultOf(events, state));
    },
    startReadHistory(NOW, true),
  );
}

describe('the reads of a token', () => {
  it('count complete generations, which the first is not', () => {
    assert.equal(historyOf(NONE, NONE, NONE).generations, 2);
  });

  it('count the generations since the last read', () => {
    assert.equal(historyOf(NONE, NONE, READ, NONE, NONE).withoutRead, 2);
    assert.equal(historyOf(NONE, READ).withoutRead, 0);
  });

  it('count those of them that were watched from before the swap, until the next read or gap', () => {
    const sure = (events: string, history: ReadHistory) =>
      advanceReadHistory(history, resultOf(events, start({ at: NOW + 9 * HOUR, blindMs: 0 })));
    const one = sure(NONE, historyOf(NONE, NONE));
    assert.deepEqual([one.withoutRead, one.surelyWithoutRead], [2, 1]);
    const two = sure(NONE, sure(NONE, historyOf(READ, NONE)));
    assert.deepEqual([two.withoutRead, two.surelyWithoutRead], [3, 2]);
    for (const events of [READ, LOST]) assert.equal(sure(events, one).surelyWithoutRead, 0);
  });

  it('count no further than a generation in which a read may have been missed', () => {
    const { withoutRead, completeSince, observedSince } = historyOf(READ, NONE, NONE, LOST, NONE);
    assert.equal(withoutRead, 1);
    assert.equal(completeSince, NOW + 3 * HOUR + 1);
    assert.equal(observedSince, NOW);
  });

  it('skip a generation whose watch was a moment late', () => {
    const late = start({ at: NOW + HOUR, blindMs: 20 });
    const history = advanceReadHistory(historyOf(NONE, NONE), resultOf(NONE, late));
    assert.deepEqual([history.withoutRead, history.completeSince], [1, NOW]);
  });

  it('take a generation that a watch came to later as one in which a read may have been missed', () => {
    const later = start({ at: NOW + 2 * HOUR, blindMs: undefined });
    const history = advanceReadHistory(historyOf(NONE, NONE), resultOf(NONE, later));
    assert.deepEqual([history.withoutRead, history.completeSince], [0, NOW + 2 * HOUR + 1]);
  });

  it('know the last generation that was read, and the read before', () => {
    const { lastReadAt, lastReadGenerationAt, earlierReadAt } = historyOf(READ, NONE, READ, NONE);
    assert.deepEqual(
      [lastReadAt, lastReadGenerationAt, earlierReadAt],
      [NOW + 2 * HOUR + 61, NOW + 2 * HOUR, NOW + 61],
    );
  });

  it('become earlier by as much as the clock was set back', () => {
    const set = setClock(historyOf(READ, NONE, READ, NONE), -100);
    const { lastReadAt, earlierReadAt, withoutRead, isStartObserved } = set;
    assert.deepEqual(
      [lastReadAt, earlierReadAt, withoutRead, isStartObserved],
      [NOW + 2 * HOUR - 39, NOW - 39, 1, false],
    );
    assert.equal(setClock(historyOf(NONE), -100).lastReadAt, undefined);
  });

  it('do not count generations before the clock was set forward, which seem to be longer ago', () => {
    const { lastReadAt, withoutRead, isStartObserved } = setClock(historyOf(READ, NONE, NONE), 100);
    assert.deepEqual([lastReadAt, withoutRead, isStartObserved], [NOW + 61, 0, false]);
  });

  it('remember a reaction to a rotation', () => {
    const atSwap = advanceReadHistory(startReadHistory(NOW, true), resultOf('t .. / t', start(), 10));
    assert.equal(advanceReadHistory(atSwap, resultOf(NONE)).readAtRotationAt, NOW);
  });

  it('include the current generation', () => {
    const current = play('t', start({ at: NOW + 2 * HOUR })).state;
    const { lastReadAt, earlierReadAt, isReadSinceRotation } = tokenReadsOf(historyOf(READ, NONE), current);
    assert.deepEqual([lastReadAt, earlierReadAt, isReadSinceRotation], [NOW + 2 * HOUR + 1, NOW + 61, true]);
  });

  it('include the time of the last read of the current generation by the minute, and of others exactly', () => {
    const shown = (events: string, previous: ReturnType<typeof tokenReadsOf>) =>
      tokenReadsOf(historyOf(), play(events).state, previous);
    const first = shown('t', tokenReadsOf(historyOf(), start()));
    assert.equal(first.lastReadAt, NOW + 1);
    assert.equal(shown('t | | t', first), first);
    assert.equal(shown('t .. t', first).lastReadAt, NOW + 61);
    assert.equal(shown('t', shown('t .. t', first)).lastReadAt, NOW + 1, 'the clock was set back');
    assert.equal(advanceReadHistory(historyOf(), resultOf('t | | t')).lastReadAt, NOW + 3);
    const next = play('t', start({ at: NOW + 2 })).state;
    assert.equal(tokenReadsOf(historyOf(), next, first).lastReadAt, NOW + 3);
  });

  it('include whether the current generation was read', () => {
    const isRead = (events: string, state = start()) =>
      tokenReadsOf(historyOf(), play(events, state).state).isReadSinceRotation;
    assert.equal(isRead('/ t a b'), false);
    assert.equal(isRead('/ t ..'), undefined);
    assert.equal(isRead('lost'), undefined);
    assert.equal(isRead('', start({ blindMs: undefined })), undefined);
    assert.equal(isRead('.. t', start({ blindMs: undefined })), true);
  });

  it('are the same object while nothing has changed', () => {
    const before = tokenReadsOf(historyOf(READ), start());
    assert.equal(tokenReadsOf(historyOf(READ), start(), before), before);
    assert.notEqual(tokenReadsOf(historyOf(READ), play('t').state, before), before);
  });
});
