/**
 * The tables of metrics match the exposition.
 */
import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { METRICS } from '../../src/metrics/rows.ts';
import { exposition } from '../support/exposition.ts';
import { troubledNode } from '../support/snapshots.ts';

/** The label names of a series, in order. */
function labelNames(series: string): readonly string[] {
  return Array.from(series.matchAll(/([a-z_]+)="(?:[^"\\]|\\.)*"/g), ([, name = '']) => name);
}

describe('METRICS', () => {
  let text = '';
  before(async () => {
    text = await exposition(troubledNode(), 'text');
  });

  const seriesOf = (name: string) => text.split('\n').filter((line) => new RegExp(`^${name}[{ ]`).test(line));

  it('lists every metric of the exposition, in its order', () => {
    const names = Array.from(text.matchAll(/^# TYPE (\S+) (\S+)$/gm), ([, name, type]) => `${name} ${type}`);
    assert.deepEqual(
      names,
      METRICS.map(({ name, type }) => `${name} ${type}`),
    );
  });

  it('has no duplicate names', () => {
    assert.equal(new Set(METRICS.map(({ name }) => name)).size, METRICS.length);
  });

  for (const { name, type, help, labels } of METRICS) {
    describe(name, () => {
      it('has the labels of its row in each of its series, in order', () => {
        const suffixes = type === 'histogram' ? ['_sum', '_count'] : [''];
        const series = suffixes.flatMap((suffix) => seriesOf(`${name}${suffix}`));
        assert.ok(series.length > 0);
        for (const line of series) assert.deepEqual(labelNames(line), labels);
      });

      it('has a HELP text of one short line', () => {
        assert.match(help, /^(?:[A-Z]|1 (?:if|for) )[^\n]*\.$/);
        assert.ok(help.length <= 140, help);
      });

      it('ends in _total if and only if it is a counter', () => {
        assert.equal(name.endsWith('_total'), type === 'counter');
      });
    });
  }
});
