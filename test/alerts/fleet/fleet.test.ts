/**
 * An API server that is away from many nodes is one problem: one page, however many nodes and tokens there are.
 *
 * `FLEET_NODES=5000` tests a large fleet.
 */
import assert from 'node:assert/strict';
import { before, it } from 'mocha';
import { rulesFile } from '../../../alerts/documents.ts';
import { describeWith, PROMTOOL_3 } from '../../support/tools.ts';
import { runPromtool } from '../promtool.ts';
import { type Fleet, fleetSeries, STEP } from './model.ts';

const NODES = Number(process.env['FLEET_NODES'] ?? 60);
const MINUTE = 60;
const LENGTH = 45 * MINUTE;
const FROM = 10 * MINUTE;
const FLEET = 'alertname="SATokenRotationStalledFleet",alertstate="firing"';
/** What inhibitions leave of the alerts on nodes and tokens. */
const NOT_INHIBITED = `count(ALERTS{alertstate="firing",alertname=~"SAToken(CanaryLate|NodeRotationStalled|RotationOverdue|Expired|Stale|ClusterBlind)"}) unless on () ALERTS{${FLEET}}`;

/** Values of an expression at all scrapes: 0 without a sample. */
interface Expected {
  readonly expr: string;
  readonly valueAt: (seconds: number) => number | undefined;
}

interface Scenario {
  readonly title: string;
  readonly fleet: Omit<Fleet, 'length'>;
  readonly expected: readonly Expected[];
}

function fleetAlert(severity: string, from: number, until: number): Expected {
  return {
    expr: `count(ALERTS{${FLEET},severity="${severity}"})`,
    // The exact scrape at which it begins and ends depends on the random times of the nodes.
    valueAt: (seconds) => {
      if (seconds < from || seconds > until + 3 * MINUTE) return 0;
      return seconds >= from + 2 * MINUTE && seconds <= until ? 1 : undefined;
    },
  };
}

const none = (expr: string): Expected => ({ expr, valueAt: () => 0 });
const neverFires = (severity: string): Expected => none(`count(ALERTS{${FLEET},severity="${severity}"})`);
const outage = (minutes: number) => ({ from: FROM, until: FROM + minutes * MINUTE });
const returned = (minutes: number): number => FROM + minutes * MINUTE;
const OUTLASTS = 5 * MINUTE;

const SCENARIOS: Scenario[] = [
  {
    title: 'a healthy fleet fires no alert',
    fleet: { nodes: NODES },
    expected: [none('count(ALERTS{alertstate="firing"})')],
  },
  {
    title:
      'a restart of the API server of 3 minutes makes no page, and nothing but one warning on the cluster',
    fleet: { nodes: NODES, outage: outage(3), isSeenByExporters: true },
    expected: [
      none(NOT_INHIBITED),
      neverFires('critical'),
      fleetAlert('warning', FROM + 2 * MINUTE, returned(3) + OUTLASTS),
    ],
  },
  {
    title: 'an API server that is away for 20 minutes makes one page, until 5 minutes after its return',
    fleet: { nodes: NODES, outage: outage(20), isSeenByExporters: true },
    expected: [none(NOT_INHIBITED), fleetAlert('critical', FROM + 5 * MINUTE, returned(20) + OUTLASTS)],
  },
  {
    title: 'kubelets that get no tokens for 20 minutes while exporters reach the API server make one page',
    fleet: { nodes: NODES, outage: outage(20) },
    expected: [none(NOT_INHIBITED), fleetAlert('critical', FROM + 5.5 * MINUTE, returned(20) + OUTLASTS)],
  },
  ...[2, 3, 10].map((nodes) => ({
    title: `an API server that is away from a cluster of ${nodes} nodes for 20 minutes makes one page`,
    fleet: { nodes, outage: outage(20), isSeenByExporters: true },
    expected: [none(NOT_INHIBITED), fleetAlert('critical', FROM + 5 * MINUTE, returned(20) + OUTLASTS)],
  })),
  {
    title: 'a twentieth of the nodes of a cluster is not the cluster',
    fleet: { nodes: NODES, outage: outage(20), isSeenByExporters: true, share: 0.05 },
    expected: ['info', 'warning', 'critical'].map(neverFires),
  },
];

const WORKLOAD = 'alertname="SATokenWorkloadRotationOverdue",alertstate="firing"';
SCENARIOS.push({
  title: 'an audience without tokens for 500 pods of a workload makes one page and one warning',
  fleet: { nodes: 20, refusedPods: 500, refusedFrom: FROM },
  expected: [
    none(
      `count(ALERTS{alertstate="firing",alertname=~"SAToken(RotationOverdue|Expired|Stale)"}) unless on () ALERTS{${WORKLOAD}}`,
    ),
    neverFires('info'),
    ...['warning', 'critical'].map((severity) => ({
      expr: `count(ALERTS{${WORKLOAD},severity="${severity}"})`,
      valueAt: (seconds: number) => {
        if (seconds < FROM + 4 * MINUTE) return 0;
        return seconds > FROM + 10 * MINUTE ? 1 : undefined;
      },
    })),
  ],
});

function testOf({ title, fleet, expected }: Scenario) {
  const times = Array.from({ length: LENGTH / STEP + 1 }, (_, index) => index * STEP);
  return {
    name: title,
    interval: `${STEP}s`,
    input_series: Object.entries(fleetSeries({ ...fleet, length: LENGTH })).map(([series, values]) => ({
      series,
      values,
    })),
    promql_expr_test: expected.flatMap(({ expr, valueAt }) =>
      times.flatMap((at) => {
        const value = valueAt(at);
        const exp_samples = value === 0 ? [] : [{ labels: '{}', value }];
        return value === undefined ? [] : [{ expr, eval_time: `${at}s`, exp_samples }];
      }),
    ),
  };
}

for (const [version, promtool] of [
  ['promtool', 'promtool'],
  ['promtool 3 (.ci/prometheus3)', PROMTOOL_3],
] as const)
  describeWith([version], `the alert on a cluster in ${version}`, () => {
    let output = '';
    before(() => {
      const tests = { evaluation_interval: `${STEP}s`, tests: SCENARIOS.map(testOf) };
      ({ output } = runPromtool(promtool, rulesFile(), tests));
    });

    for (const { title } of SCENARIOS)
      it(title, () => {
        assert.match(output, /SUCCESS|FAILED/);
        const failures = output.split(/^\s+name: /m).filter((text) => text.startsWith(`${title},\n`));
        assert.deepEqual(failures, []);
      });
  });
