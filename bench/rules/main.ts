/**
 * `npm run bench:rules`: the cost of one evaluation of all rules, with a synthetic fleet.
 *
 * In CPU seconds of Prometheus, which other processes on the machine disturb less than times. Takes a few minutes for
 * each fleet and version of Prometheus. With arguments it measures only what has one of them in its title, such as
 * `50 nodes` or `Prometheus 3`. Exits with 1 if a bound is exceeded.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GROUPS } from '../../alerts/groups.ts';
import { type Prometheus, startPrometheus } from '../../test/grafana/prometheus.ts';
import { metricsOf, parse } from '../../test/grafana/promql.ts';
import { PROGRAMS } from '../../test/grafana/recorded.ts';
import { type FleetOptions, fillFleet } from '../../test/grafana/synthetic/fleet.ts';
import { cpuSeconds } from '../queries/cost.ts';
import { FLEETS, type SyntheticFleet } from '../queries/fleets.ts';
import { report } from '../report.ts';
import { peaksOf } from './samples.ts';

/** Half of the interval at which Prometheus evaluates them. */
const MAX_SECONDS = 15;
/** A tenth of --query.max-samples. */
const MAX_SAMPLES = 5_000_000;
const INTERVAL = 30;
const LOOKBACK = 300;
/** Samples are there for so long after the fleet was made. */
const AHEAD = 1_800;
/** Evaluations of each group: the alerts fire after the first ones. */
const EVALUATIONS = 3;
const RULES = new URL('../../alerts/rules.yaml', import.meta.url).pathname;
const CONFIG = JSON.stringify({ global: { evaluation_interval: `${INTERVAL}s` }, rule_files: [RULES] });
const FLAGS = ['--web.enable-remote-write-receiver'];

const READ = new Set(
  GROUPS.flatMap(({ recordings, alerts }) => [...recordings, ...alerts])
    .flatMap(({ expr }) => parse(expr).selectors)
    .flatMap(metricsOf),
);

function fleetNow(options: FleetOptions): FleetOptions {
  const at = Math.floor(Date.now() / 1_000) + AHEAD;
  return {
    ...options,
    at,
    step: INTERVAL,
    // Otherwise all counters of errors grow on all nodes.
    growth: 0,
    history: ({ name }) => (READ.has(name) ? AHEAD + LOOKBACK : undefined),
  };
}

/** The values of a metric of Prometheus about itself: much less than the list of all alerts, which would be measured, too. */
async function ownMetric({ url }: Prometheus, name: string): Promise<readonly number[]> {
  const response = await fetch(`${url}/metrics`);
  const lines = (await response.text()).split('\n').filter((line) => line.startsWith(`${name}{`));
  return lines.map((line) => Number(line.slice(line.lastIndexOf(' '))));
}

/** Until each group has been evaluated again. */
async function nextEvaluation(prometheus: Prometheus, after: number): Promise<void> {
  for (;;) {
    const times = await ownMetric(prometheus, 'prometheus_rule_group_last_evaluation_timestamp_seconds');
    if (times.length === GROUPS.length && times.every((time) => time * 1_000 > after)) return;
    await sleep(1_000);
  }
}

async function numberOfAlerts({ url }: Prometheus): Promise<number> {
  const response = await fetch(`${url}/api/v1/alerts`);
  return ((await response.json()) as { readonly data: { readonly alerts: readonly unknown[] } }).data.alerts
    .length;
}

async function missedEvaluations(prometheus: Prometheus): Promise<number> {
  const ofGroups = await ownMetric(prometheus, 'prometheus_rule_group_iterations_missed_total');
  return ofGroups.reduce((sum, missed) => sum + missed, 0);
}

/** What an evaluation of all groups takes, once the alerts fire: each has its own time in the interval. */
async function evaluate(prometheus: Prometheus) {
  for (let round = 0; round < EVALUATIONS; round += 1) await nextEvaluation(prometheus, Date.now());
  const [missedBefore, before] = [await missedEvaluations(prometheus), cpuSeconds(prometheus.pid)];
  await sleep(EVALUATIONS * INTERVAL * 1_000);
  const used = cpuSeconds(prometheus.pid) - before;
  return {
    seconds: used / EVALUATIONS,
    missed: (await missedEvaluations(prometheus)) - missedBefore,
    alerts: await numberOfAlerts(prometheus),
  };
}

/** The API server is away from all nodes of the fleet. */
function away({ options }: SyntheticFleet): SyntheticFleet {
  const { nodes, perToken } = options;
  return {
    title: `${nodes.toLocaleString('en')} nodes, --metrics.per-token=${perToken}, no rotation on any, one late token each`,
    options: { ...options, broken: { nodes, failing: 1, unreadable: 0 } },
  };
}

async function reportPeaks(prometheus: Prometheus, title: string): Promise<boolean> {
  const isOk = (await peaksOf(prometheus)).map(({ group, samples }) =>
    report({
      what: `${title}: samples at a time in ${group}`,
      value: samples,
      atMost: MAX_SAMPLES,
      unit: '',
    }),
  );
  return isOk.every(Boolean);
}

async function measure(program: string, title: string, options: FleetOptions): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'satoken-rules-'));
  const prometheus = await startPrometheus(program, folder, join(folder, 'data'), LOOKBACK, FLAGS, CONFIG);
  try {
    const series = await fillFleet(prometheus.url, fleetNow(options));
    const { seconds, missed, alerts } = await evaluate(prometheus);
    const what = `${title}: all rules once, with ${series} series and ${alerts} alerts`;
    const isOk = [
      report({ what, value: seconds, atMost: MAX_SECONDS, unit: 's' }),
      report({ what: `${title}: missed evaluations`, value: missed, atMost: 0, unit: '' }),
    ];
    return (await reportPeaks(prometheus, title)) && isOk.every(Boolean);
  } finally {
    await prometheus.stop();
    rmSync(folder, { recursive: true });
  }
}

const wanted = process.argv.slice(2);
let isOk = true;
for (const { title: version, program } of PROGRAMS)
  for (const { title: fleet, options } of [...FLEETS, ...FLEETS.slice(0, 1).map(away)]) {
    const title = `${version}, ${fleet}`;
    if (wanted.length > 0 && !wanted.some((part) => title.includes(part))) continue;
    isOk = (await measure(program, title, options)) && isOk;
  }
process.exitCode = isOk ? 0 : 1;
