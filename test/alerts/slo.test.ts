/**
 * The recording rules of the service level objectives.
 */
import assert from 'node:assert/strict';
import { it } from 'mocha';
import { rulesFile } from '../../alerts/documents.ts';
import { describeWith, PROMTOOLS } from '../support/tools.ts';
import { runPromtool } from './promtool.ts';
import { nodeScraped, problems, scraped } from './series.ts';

const [EAST, WEST] = [{ cluster: 'east' }, { cluster: 'west' }];

const TEST = {
  interval: '1m',
  input_series: Object.entries({
    ...nodeScraped('60x30', { ...EAST, node: 'node-1' }),
    ...nodeScraped('40x30', { ...EAST, node: 'node-2' }),
    // Tokens of other parties do not count.
    [scraped('satoken_tokens', { ...EAST, kind: 'projected', origin: 'foreign' })]: '100x30',
    [scraped('satoken_tokens', { ...EAST, kind: 'legacy', origin: 'secret' })]: '100x30',
    ...problems('rotation_overdue', '0x9 4x20', { ...EAST, severity: 'warning' }),
    ...problems('rotation_overdue', '0x9 1x20', { ...EAST, severity: 'critical' }),
    ...problems('expired', '50x30', { ...EAST }),
    // A cluster without tokens.
    ...nodeScraped('0x30', WEST),
  }).map(([series, values]) => ({ series, values })),
  promql_expr_test: (
    [
      ['cluster:satoken_rotated_in_time:ratio', 5, 1],
      ['cluster:satoken_rotated_in_time:ratio', 15, 0.95],
      ['cluster:satoken_rotated_tokens:count{cluster="east"}', 15, 100],
      ['cluster:satoken_overdue_tokens:count', 15, 5],
      // Half of the time; 5 tokens for 10 minutes.
      ['avg_over_time(cluster:satoken_overdue_tokens:count[19m30s]) * 20', 19, 50],
    ] as const
  ).map(([expr, minute, value]) => ({
    expr: `sum by (cluster) (${expr})`,
    eval_time: `${minute}m`,
    exp_samples: [{ labels: '{cluster="east"}', value }],
  })),
};

for (const { tool, promtool } of PROMTOOLS)
  describeWith([tool], `the objectives in ${tool}`, () => {
    it('record the share of tokens rotated in time, and the tokens that were not', async () => {
      const { status, output } = await runPromtool(promtool, rulesFile(), {
        evaluation_interval: '1m',
        tests: [TEST],
      });
      assert.equal(status, 0, output);
    });
  });
