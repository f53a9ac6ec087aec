/**
 * A problem in a single sample fires no alert on late tokens, regardless of the scrape interval.
 */
import assert from 'node:assert/strict';
import { before, it } from 'mocha';
import { rulesFile } from '../../alerts/documents.ts';
import { describeWith, PROMTOOLS } from '../support/tools.ts';
import { runPromtool } from './promtool.ts';
import { scraped, TOKEN } from './series.ts';

/** Seconds between two values in the notation of promtool. */
const RESOLUTION = 5;
/** Prometheus evaluates the rules this long after a scrape. */
const LAGS = [0, 5, 25];
const INTERVALS = [30, 60, 120];
const SCRAPES = 8;
/** The series lack the metric of the last scan. */
const MATCHERS = 'alertname!="SATokenScanOld",alertstate="firing",severity!="info"';
const SEVERITY = { severity: 'critical' };

/** A series, its value without the problem (`_` if it has none), and the value with it. */
type Sign = readonly [name: string, healthy: string, broken: string];

const overdueCause = (cause: string): string => scraped('satoken_overdue_cause', { cause });
const tokenProblem = (reason: string): Sign => [
  scraped('satoken_problem', { ...TOKEN, reason, ...SEVERITY }),
  '_',
  '1',
];
const nodeProblem = (reason: string): Sign => [
  scraped('satoken_problems', { reason, ...SEVERITY }),
  '0',
  '3',
];

const PROBLEMS: Readonly<Record<string, readonly Sign[]>> = {
  'an overdue token': [tokenProblem('rotation_overdue')],
  'an expired token': [tokenProblem('rotation_overdue'), tokenProblem('expired')],
  'overdue tokens without series': [nodeProblem('rotation_overdue')],
  'expired tokens without series': [nodeProblem('rotation_overdue'), nodeProblem('expired')],
  'a stale token': [tokenProblem('stale')],
  'a missing service account': [tokenProblem('service_account_missing')],
  'a recreated service account without series': [nodeProblem('service_account_recreated')],
  'a late canary': [[scraped('satoken_canary_healthy'), '1', '0']],
  'a stalled node': [[overdueCause('kubelet_stalled'), '0', '2']],
  'an exporter that does not see its own tokens': [
    [scraped('satoken_self_view', { check: 'same_content' }), '1', '0'],
  ],
};

/** One value for each scrape; a series without the problem ends. */
function valuesOf([, healthy, broken]: Sign, bad: readonly number[]): readonly string[] {
  return Array.from({ length: SCRAPES }, (_, index) => {
    if (bad.includes(index)) return broken;
    return healthy === '_' && bad.includes(index - 1) ? 'stale' : healthy;
  });
}

interface Run {
  readonly problem: string;
  readonly interval: number;
  readonly lag: number;
  /** The scrapes that show it. */
  readonly bad: readonly number[];
}

const RUNS: readonly Run[] = Object.keys(PROBLEMS).flatMap((problem) =>
  INTERVALS.flatMap((interval) =>
    LAGS.flatMap((lag) => [[4], [4, 5, 6]].map((bad) => ({ problem, interval, lag, bad }))),
  ),
);

function titleOf({ problem, interval, lag, bad }: Run): string {
  return `${problem} in ${bad.length} samples, scraped every ${interval} s, evaluated ${lag} s later`;
}

function markOf(run: Run): string {
  return `alertname!="${RUNS.indexOf(run)}"`;
}

function testOf(run: Run) {
  const { problem, interval, lag, bad } = run;
  const signs: readonly Sign[] = [
    [scraped('satoken_tokens', { kind: 'projected', origin: 'kubelet' }), '5', '5'],
    ...(PROBLEMS[problem] ?? []),
  ];
  // The first evaluation is at 0 and the first scrape that long before the next one.
  const lead = (30 - lag) / RESOLUTION;
  const gap = ` _x${interval / RESOLUTION - 1} `;
  const seconds = SCRAPES * interval;
  return {
    interval: `${RESOLUTION}s`,
    input_series: signs.map((sign) => ({
      series: sign[0],
      values: `_x${lead} ${valuesOf(sign, bad).join(gap)}`,
    })),
    promql_expr_test: [
      {
        // promtool prints the expression of a failure, but not the name of the test.
        expr: `group(last_over_time(ALERTS{${markOf(run)},${MATCHERS}}[${seconds}s]))`,
        eval_time: `${seconds}s`,
        exp_samples: bad.length === 1 ? [] : [{ labels: '{}', value: 1 }],
      },
    ],
  };
}

for (const { tool, promtool } of PROMTOOLS)
  describeWith([tool], `the alerts on late tokens in ${tool}`, () => {
    let output = '';
    before(async () => {
      const run = await runPromtool(promtool, rulesFile(), {
        evaluation_interval: '30s',
        tests: RUNS.map(testOf),
      });
      output = run.output;
    });

    for (const run of RUNS)
      it(`${run.bad.length === 1 ? 'do not fire' : 'fire'} for ${titleOf(run)}`, () => {
        assert.ok(!output.replaceAll('\\"', '"').includes(`{${markOf(run)},`), output);
      });
    it('pass without any other failure', () => assert.match(output, /SUCCESS/));
  });
