/**
 * With a scrape every two minutes, each alert fires at most four minutes later than with one every minute.
 */
import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { rulesFile } from '../../alerts/documents.ts';
import { ALERTS } from '../../alerts/groups.ts';
import type { Alert } from '../../alerts/rule.ts';
import { describeWith, PROMTOOLS } from '../support/tools.ts';
import { CASES } from './cases.ts';
import { type Case, runPromtool } from './promtool.ts';
import { everyTwoMinutes } from './scrape-interval.ts';

/** Two scrapes: the first that sees the problem, and one after it has lasted. */
const LATER = 4;

/** Minutes at which a case says that the alert fires. */
function firingIn({ expect }: Case, { name, severity }: Alert): readonly number[] {
  const isOnly = ALERTS.filter((row) => row.name === name).length === 1;
  return expect
    .filter(({ alert }) => alert === name)
    .filter(({ fire }) => fire.some((one) => (one.severity ?? (isOnly ? severity : undefined)) === severity))
    .map(({ at }) => at);
}

function selectorOf({ name, severity }: Alert): string {
  return `alertname="${name}",severity="${severity}"`;
}

function testOf(alert: Alert) {
  const found = CASES.find((one) => firingIn(one, alert).length > 0);
  assert.ok(found, selectorOf(alert));
  const [first = 0] = firingIn(found, alert);
  return {
    interval: '1m',
    input_series: Object.entries(everyTwoMinutes(found.series)).map(([series, values]) => ({
      series,
      values,
    })),
    promql_expr_test: [
      {
        expr: `group(last_over_time(ALERTS{alertstate="firing",${selectorOf(alert)}}[${LATER}m]))`,
        eval_time: `${first + LATER}m`,
        exp_samples: [{ labels: '{}', value: 1 }],
      },
    ],
  };
}

for (const { tool, promtool } of PROMTOOLS)
  describeWith([tool], `the alerts with a scrape every two minutes in ${tool}`, () => {
    let output = '';
    before(async () => {
      const run = await runPromtool(promtool, rulesFile(), {
        evaluation_interval: '1m',
        tests: ALERTS.map(testOf),
      });
      output = run.output;
    });

    for (const alert of ALERTS)
      it(`include ${alert.name} (${alert.severity})`, () => {
        // promtool quotes the expression.
        assert.ok(!output.replaceAll('\\"', '"').includes(selectorOf(alert)), output);
      });
    it('pass without any other failure', () => assert.match(output, /SUCCESS/));
  });

describe('series with a scrape every two minutes', () => {
  for (const [values, expected] of [
    ['1x3', '1 _ 1 _'],
    ['0+60x2 _x2 5', '0 _ 120 _ _ _'],
    ['1 2 stale _ 3', '1 _ stale _ 3'],
    ['1x2 stale _ _', '1 _ 1 _ stale _'],
  ] as const)
    it(`are every second value of ${values}`, () =>
      assert.deepEqual(everyTwoMinutes({ up: values }), { up: expected }));
});
