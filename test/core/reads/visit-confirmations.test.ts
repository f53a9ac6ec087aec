/**
 * Visits of the kubelet to a directory with one file, which `ls` and `cat` equal, and its visits to other volumes of the pod.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { GenerationResult } from '../../../src/core/reads/generation-result.ts';
import { observePod } from '../../../src/core/reads/pod-reads.ts';
import { CUT, eventsIn, play, resultOf, start, timeAt } from './sequences.ts';

describe('the reads of a volume with a single file', () => {
  const single = start({ files: ['token'] });

  it('are found without an open of the directory', () => {
    assert.equal(resultOf('t .. / t', single).verdict, 'read');
  });

  it('are not there before the last visit', () => {
    assert.equal(resultOf('.. / t', single).verdict, 'unread');
  });

  it('look like a visit if they are ls and cat', () => {
    assert.equal(resultOf('/ t .. / t', single).verdict, 'unknown');
  });

  /** The kubelet visits the other volume of the pod once, in the drain in which these events come. */
  function verdictOf(events: string, folder = single): GenerationResult['verdict'] {
    const other = { state: start(), events: eventsIn('/ t a b') };
    const time = timeAt(1_000);
    const [, state = folder] = observePod([other, { state: folder, events: eventsIn(events) }], () => time);
    return resultOf('.. / t', state, time.monotonicMs).verdict;
  }

  it('are not there if the kubelet visits the other volumes of the pod as well', () => {
    assert.equal(verdictOf('/ t'), 'unread');
  });

  it('are not certain if there is one visit more than to the other volumes', () => {
    assert.equal(verdictOf('/ t / t'), 'unknown');
  });

  it('are not certain if the other volumes were visited at another time', () => {
    const { state } = play('/ t | | |', single);
    assert.equal(verdictOf('', state), 'unknown');
  });

  it('are not there if a rotation cuts the visit to the other volume short', () => {
    const ended = resultOf(CUT);
    const time = timeAt(1_000);
    const [state = single] = observePod([{ state: single, events: eventsIn('/ t') }], () => time, [ended]);
    assert.equal(resultOf('.. / t', state).verdict, 'unread');
  });
});
