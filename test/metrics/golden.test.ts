/**
 * A node in all kinds of trouble, printed whole: a change of any metric, label or value shows here.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'mocha';
import { exposition } from '../support/exposition.ts';
import { assertGolden } from '../support/golden.ts';
import { troubledNode } from '../support/snapshots.ts';
import { describeWith } from '../support/tools.ts';

describe('the exposition of a troubled node', () => {
  it('in the text format is the golden file', async () => {
    assertGolden('exposition.txt', await exposition(troubledNode(), 'text', { isFixed: true }));
  });

  it('as OpenMetrics is the golden file', async () => {
    assertGolden(
      'exposition.openmetrics.txt',
      await exposition(troubledNode(), 'openmetrics', { isFixed: true }),
    );
  });

  it('holds no piece of a token', async () => {
    assert.doesNotMatch(await exposition(troubledNode(), 'text'), /eyJ/);
  });
});

describeWith(['promtool'], 'promtool check metrics', () => {
  it('finds nothing wrong with the text format', async () => {
    const input = await exposition(troubledNode(), 'text');
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input,
      encoding: 'utf8',
    });
    assert.deepEqual({ status, output: stdout + stderr }, { status: 0, output: '' });
  });
});
