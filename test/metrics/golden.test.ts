/**
 * The complete exposition of a node with all kinds of problems: any change of a metric, label or value shows here.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'mocha';
import { exposition } from '../support/exposition.ts';
import { assertGolden } from '../support/generated.ts';
import { troubledNode } from '../support/snapshots.ts';
import { describeWith } from '../support/tools.ts';

describe('the exposition of a troubled node', () => {
  it('is the golden file in the text format', async () => {
    assertGolden('exposition.txt', await exposition(troubledNode(), 'text', { isReproducible: true }));
  });

  it('is the golden file in OpenMetrics', async () => {
    assertGolden(
      'exposition.openmetrics.txt',
      await exposition(troubledNode(), 'openmetrics', { isReproducible: true }),
    );
  });

  it('contains no part of a token', async () => {
    assert.doesNotMatch(await exposition(troubledNode(), 'text'), /eyJ/);
  });
});

describeWith(['promtool'], 'promtool check metrics', () => {
  it('finds no problem in the text format', async () => {
    const input = await exposition(troubledNode(), 'text');
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input,
      encoding: 'utf8',
    });
    assert.deepEqual({ status, output: stdout + stderr }, { status: 0, output: '' });
  });
});
