/**
 * No interleaving of the thread, the exporter, a kubelet and a workload gives a false count of generations without a read.
 * `npm run fuzz` is the long run.
 */
import assert from 'node:assert/strict';
import { before, it } from 'mocha';
import { fuzzReadThreads, type ThreadsOutcome } from '../../fuzz/read-threads.ts';
import { describeWith } from '../../support/tools.ts';

const SEED = 20_261_129;
const COUNT = 60;

describeWith(['foreign functions'], `the reads of ${COUNT} volumes, with interleaved threads`, () => {
  let outcome: ThreadsOutcome;
  before(() => {
    outcome = fuzzReadThreads(SEED, COUNT);
  });

  it('are never missing from a generation that counts as being without one', () => {
    assert.deepEqual(outcome.wrong, []);
  });

  it('do not make all generations unknown, with and without a watch from before the swap', () => {
    const { withoutRead, surelyWithoutRead } = outcome;
    assert.ok(surelyWithoutRead > 0 && withoutRead > surelyWithoutRead);
  });
});
