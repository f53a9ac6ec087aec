/**
 * An API server that is away from many nodes is one problem: one page, however many nodes and tokens there are.
 *
 * `FLEET_NODES=5000` tests a large fleet, for several minutes each, with the promtool that `.ci/promtool` builds.
 * `FLEET_SEEDS=10` tests short outages in fleets of all sizes, each with that many sets of random times.
 */
import assert from 'node:assert/strict';
import { it } from 'mocha';
import { rulesFile } from '../../../alerts/documents.ts';
import { describeWith, LARGE_PROMTOOLS, PROMTOOLS } from '../../support/tools.ts';
import { runPromtool } from '../promtool.ts';
import { type Fleet, fleetSeries, STEP } from './model.ts';

const NODES = Number(process.env['FLEET_NODES'] ?? 60);
const SEEDS = Number(process.env['FLEET_SEEDS'] ?? 0);
/** Beyond these, a query loads more samples than promtool allows for. */
const MAX_NODES = 1_000;
const MINUTE = 60;
const LENGTH = 45 * MINUTE;
/** From the end of an outage to the end of the test. */
const AFTER = 9 * MINUTE;
const FROM = 10 * MINUTE;
const FLEET = 'alertname="SATokenRotationStalledFleet",alertstate="firing"';
/** The alert that inhibits without a notification, for two minutes or more. */
const LASTING_INFO = `count(count_over_time(ALERTS{${FLEET},severity="info"}[2m1s]) > 4)`;
/** What inhibitions leave of the alerts on nodes and tokens. */
const INHIBITED =
  'SAToken(CanaryLate|NodeRotationStalled|RotationOverdue|WorkloadRotationOverdue|Expired|Stale|ClusterBlind)';
const NOT_INHIBITED = `count(ALERTS{alertstate="firing",alertname=~"${INHIBITED}"}) unless on () ALERTS{${FLEET}}`;
/** The model has no scans. */
const OTHERS = `count(ALERTS{alertstate="firing",severity!="info",alertname!~"SATokenScanOld|SATokenRotationStalledFleet|${INHIBITED}"})`;

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

function fleetAlert(severity: string, from: number, until: number, within = 2 * MINUTE): Expected {
  return {
    expr: `count(ALERTS{${FLEET},severity="${severity}"})`,
    // The exact scrape at which it begins and ends depends on the random times of the nodes.
    valueAt: (seconds) => {
      if (seconds < from || seconds > until + 3 * MINUTE) return 0;
      return seconds >= from + within && seconds <= until ? 1 : undefined;
    },
  };
}

const none = (expr: string): Expected => ({ expr, valueAt: () => 0 });
const neverFires = (severity: string): Expected => none(`count(ALERTS{${FLEET},severity="${severity}"})`);
const outage = (minutes: number) => ({ from: FROM, until: FROM + minutes * MINUTE });
const returned = (minutes: number): number => FROM + minutes * MINUTE;
const OUTLASTS = 5 * MINUTE;

function where({ nodes, isSeenByExporters = false, isCounting = false, seed }: Scenario['fleet']): string {
  const who = isSeenByExporters ? 'from kubelets and exporters' : 'from kubelets';
  const times = seed === undefined ? '' : ` at other times (${seed})`;
  return `${who} of ${nodes} nodes${isCounting ? ' whose tokens have no series' : ''}${times}`;
}

function restart(fleet: Scenario['fleet']): Scenario {
  return {
    title: `an API server that is away for 3 minutes ${where(fleet)} makes no page and at most one warning`,
    fleet: { ...fleet, outage: outage(3) },
    expected: [
      none(NOT_INHIBITED),
      none(OTHERS),
      neverFires('critical'),
      none(`count(ALERTS{${FLEET},severity="warning"}) > 1`),
      fleetAlert('warning', FROM + 2 * MINUTE, returned(3) + OUTLASTS, Number.POSITIVE_INFINITY),
    ],
  };
}

/** Nodes whose canary makes a warning that nothing inhibits, at any time before. */
const CANARY_WARNINGS = `count(count by (node) (count_over_time((ALERTS{alertstate="firing",alertname="SATokenCanaryLate"} unless on () ALERTS{${FLEET}})[${LENGTH}s:${STEP}s])))`;
const OTHERS_NOT_INHIBITED = NOT_INHIBITED.replace('CanaryLate|', '');

/**
 * While one canary is late and no other one is due, an outage is the same as a broken node, whose alert must not wait. A
 * page takes late tokens of two pods.
 */
function smallRestart(
  fleet: Scenario['fleet'],
  isExpected: (warnings: string) => Expected['expr'],
): Scenario {
  const ends = outage(3).until + AFTER;
  return {
    title: `an API server that is away for 3 minutes ${where(fleet)} makes no page and at most the warning on one canary`,
    fleet: { ...fleet, outage: outage(3), isCanaryAlone: true },
    expected: [
      none(OTHERS_NOT_INHIBITED),
      none(OTHERS),
      neverFires('critical'),
      {
        expr: isExpected(CANARY_WARNINGS),
        valueAt: (seconds) => (seconds === ends ? 0 : undefined),
      },
    ],
  };
}

function away(fleet: Scenario['fleet']): Scenario {
  const earliest = fleet.isSeenByExporters === true ? 5 * MINUTE : 5.5 * MINUTE;
  // The first of a few canaries may be late only after its lifetime.
  const within = fleet.nodes < 50 ? 11 * MINUTE : 2 * MINUTE;
  return {
    title: `an API server that is away for 20 minutes ${where(fleet)} makes one page, until 5 minutes after its return`,
    fleet: { ...fleet, outage: outage(20) },
    expected: [
      none(NOT_INHIBITED),
      none(OTHERS),
      fleetAlert('critical', FROM + earliest, returned(20) + OUTLASTS, within),
    ],
  };
}

const SCENARIOS: Scenario[] = [
  {
    title: 'a healthy fleet fires no alert',
    fleet: { nodes: NODES },
    expected: [none('count(ALERTS{alertstate="firing",alertname!="SATokenScanOld"})')],
  },
  ...[{ isCounting: false }, { isCounting: true }].flatMap((mode) => [
    restart({ nodes: NODES, isSeenByExporters: true, ...mode }),
    away({ nodes: NODES, isSeenByExporters: true, ...mode }),
    away({ nodes: NODES, ...mode }),
  ]),
  ...[3, 5, 10, 12, 20].flatMap((nodes) => [
    restart({ nodes, isSeenByExporters: true }),
    away({ nodes, isSeenByExporters: true }),
  ]),
  away({ nodes: 2, isSeenByExporters: true }),
  ...[3, 10, 12, 20].map((nodes) => away({ nodes })),
  // Too short for a warning in most fleets, and the last nodes recover after the first ones.
  ...[12, 20, NODES].map((nodes) => restart({ nodes, seed: 31_689 })),
  restart({ nodes: 20, isSeenByExporters: true, seed: 39_608 }),
  ...[2, 5, 12].map((nodes) =>
    smallRestart({ nodes, seed: nodes === 12 ? 63_365 : 7_932 }, (warnings) => `${warnings} != 1`),
  ),
  {
    title: 'a twentieth of the nodes of a cluster is not the cluster',
    fleet: { nodes: NODES, outage: outage(20), isSeenByExporters: true, share: 0.05 },
    expected: [...['warning', 'critical'].map(neverFires), none(LASTING_INFO)],
  },
];

const EXPIRED = `group(ALERTS{alertstate="firing",alertname="SATokenExpired"} unless on () ALERTS{${FLEET}})`;
const SUSPECTS: readonly (readonly [string, Partial<Fleet>])[] = [
  ['canaries that are due at the same time', { canariesWithin: 10 }],
  ['resources that fail for all exporters', { isResourceFailing: true }],
];
SCENARIOS.push(
  ...SUSPECTS.map(([cause, fleet]) => ({
    title: `${cause} are not the cluster, and do not inhibit the page for an expired token`,
    fleet: { nodes: NODES, refusedPods: 5, refusedFrom: 0, ...fleet },
    expected: [
      ...['info', 'warning', 'critical'].map(neverFires),
      { expr: EXPIRED, valueAt: (seconds: number) => (seconds > 40 * MINUTE ? 1 : undefined) },
    ],
  })),
);

/** The page of a node that nothing inhibits. */
const NODE_PAGE = `group(ALERTS{alertstate="firing",alertname="SATokenNodeRotationStalled"} unless on () ALERTS{${FLEET}})`;
SCENARIOS.push(
  ...[3, 10, NODES].map((nodes) => ({
    title: `one broken node of ${nodes} is not the cluster, and its page is not inhibited while canaries of others are due`,
    fleet: { nodes, canariesWithin: 10, brokenNodes: 1, brokenFrom: 0 },
    expected: [
      ...['info', 'warning', 'critical'].map(neverFires),
      {
        expr: NODE_PAGE,
        valueAt: (seconds: number) => (seconds > FROM + 12 * MINUTE ? 1 : undefined),
      },
    ],
  })),
  ...[12, NODES].map((nodes) => ({
    title: `a node of ${nodes} that is still broken after an outage without a page makes one`,
    fleet: { nodes, outage: outage(3), brokenNodes: 1, brokenFrom: FROM, seed: 31_689 },
    expected: [
      neverFires('critical'),
      {
        expr: NODE_PAGE,
        valueAt: (seconds: number) => (seconds > FROM + 12 * MINUTE ? 1 : undefined),
      },
    ],
  })),
  ...[10, NODES].map((nodes) => ({
    title: `a node of ${nodes} that is still broken after an outage makes a page once the alert on the cluster ends`,
    fleet: { nodes, outage: outage(12), isSeenByExporters: true, brokenNodes: 1, brokenFrom: FROM },
    expected: [
      {
        expr: NODE_PAGE,
        valueAt: (seconds: number) => (seconds > returned(12) + OUTLASTS + 4 * MINUTE ? 1 : undefined),
      },
    ],
  })),
);

const WORKLOAD = 'alertname="SATokenWorkloadRotationOverdue",alertstate="firing"';
const REFUSED = { nodes: 20, refusedPods: 500, refusedFrom: FROM };
SCENARIOS.push(
  ...[
    { how: 'of a workload', fleet: REFUSED },
    { how: 'whose tokens have no series', fleet: { ...REFUSED, isCounting: true } },
  ].map(({ how, fleet }) => ({
    title: `an audience without tokens for 500 pods ${how} makes one page and one warning`,
    fleet,
    expected: [
      // The first pod is not several.
      none(
        `count(ALERTS{alertstate="firing",alertname=~"SAToken(RotationOverdue|Expired|Stale)"}) > 1 unless on () ALERTS{${WORKLOAD}}`,
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
  })),
);

const SIZES = [2, 3, 4, 5, 8, 10, 12, 15, 20, 40, 60];
SCENARIOS.push(
  ...SIZES.flatMap((nodes) =>
    Array.from({ length: SEEDS }, (_, index) => ({ nodes, seed: 13 + 7_919 * (index + 1) })).flatMap(
      (fleet) => [
        restart({ ...fleet, isSeenByExporters: true }),
        smallRestart(fleet, (warnings) => `${warnings} > 1`),
      ],
    ),
  ),
);

/** Seconds: no longer than needed, because large fleets take minutes. */
function lengthOf({ outage, brokenNodes }: Scenario['fleet']): number {
  return outage === undefined || brokenNodes !== undefined ? LENGTH : outage.until + AFTER;
}

function testOf({ title, fleet, expected }: Scenario) {
  const length = lengthOf(fleet);
  const times = Array.from({ length: length / STEP + 1 }, (_, index) => index * STEP);
  return {
    name: title,
    interval: `${STEP}s`,
    input_series: Object.entries(fleetSeries({ ...fleet, length })).map(([series, values]) => ({
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

const VERSIONS = NODES > MAX_NODES ? LARGE_PROMTOOLS : PROMTOOLS;

for (const { tool, promtool } of VERSIONS)
  describeWith([tool], `the alert on a cluster in ${tool}`, () => {
    // promtool does not name the test of an expression that fails, so each scenario has a run of its own.
    for (const scenario of SCENARIOS)
      it(scenario.title, async () => {
        const tests = { evaluation_interval: `${STEP}s`, tests: [testOf(scenario)] };
        const { status, output } = await runPromtool(promtool, rulesFile(), tests, VERSIONS);
        assert.equal(status, 0, output);
      }).timeout(NODES * 5_000);
  });
