/**
 * Long work lets the event loop turn.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { runInSlices, type Steps } from '../../../src/sources/files/slices.ts';

/** Takes longer than a slice, on a machine of any speed. */
function occupy(): void {
  const startedMs = performance.now();
  while (performance.now() - startedMs < 6);
}

describe('runInSlices', () => {
  it('returns the result of the work', async () => {
    function* work(): Steps<string> {
      yield;
      return 'done';
    }
    assert.equal(await runInSlices(work()), 'done');
  });

  it('lets the event loop turn between two steps that fill a slice', async () => {
    let turns = 0;
    setImmediate(() => {
      turns += 1;
    });
    function* work(): Steps<number> {
      occupy();
      yield;
      return turns;
    }
    assert.equal(await runInSlices(work()), 1);
  });

  it('rejects with what the work throws', async () => {
    const failure = new Error('a bug');
    function* work(): Steps<void> {
      yield;
      throw failure;
    }
    await assert.rejects(runInSlices(work()), failure);
  });
});
