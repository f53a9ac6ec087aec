/**
 * No interleaving of the opens of a kubelet, an exporter and a workload gives a false verdict. `npm run fuzz` is the long
 * run.
 */
import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { fuzzReads, type ReadsOutcome } from '../../fuzz/reads.ts';

const SEED = 20_261_129;
const COUNT = 3_000;

describe(`the verdicts on ${COUNT} generated interleavings of opens`, () => {
  let outcome: ReadsOutcome;
  before(() => {
    outcome = fuzzReads(SEED, COUNT);
  });

  it('are never unread if the workload read the token, and never read if it did not', () => {
    assert.deepEqual(outcome.wrong, []);
  });

  it('are the right ones more often than unknown', () => {
    const count = (key: string): number => outcome.counts.get(key) ?? 0;
    assert.ok(count('read: read') > count('read: unknown'));
    assert.ok(count('unread: unread') > count('unread: unknown'));
  });
});
