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
import { FLEETS } from '../queries/fleets.ts';
import { report } from '../report.ts';

/** Half of the interval at which Prometheus evaluates them. */
const MAX_SECONDS = 15;
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
    history: ({ name }) => (READ.has(name) ? AHEAD + LOOKBACK : undefined),
  };
}

interface Group {
  readonly name: string;
  readonly lastEvaluation: string;
  readonly rules: readonly { readonly type: string; readonly alerts?: readonly unknown[] }[];
}

async function groupsOf({ url }: Prometheus): Promise<readonly Group[]> {
  const response = await fetch(`${url}/api/v1/rules`);
  return ((await response.json()) as { readonly data: { readonly groups: readonly Group[] } }).data.groups;
}

/** The groups after each has been evaluated again. */
async function nextEvaluation(prometheus: Prometheus, after: number): Promise<readonly Group[]> {
  for (;;) {
    const groups = await groupsOf(prometheus);
    if (groups.every(({ lastEvaluation }) => Date.parse(lastEvaluation) > after)) return groups;
    await sleep(1_000);
  }
}

async function evaluateOften(prometheus: Prometheus): Promise<readonly Group[]> {
  let groups: readonly Group[] = [];
  for (let round = 0; round < EVALUATIONS; round += 1) groups = await nextEvaluation(prometheus, Date.now());
  return groups;
}

/** CPU seconds in an interval, once the alerts fire. */
async function evaluate(prometheus: Prometheus) {
  await evaluateOften(prometheus);
  const start = Date.now();
  const before = cpuSeconds(prometheus.pid);
  const groups = await evaluateOften(prometheus);
  const used = cpuSeconds(prometheus.pid) - before;
  return {
    seconds: (used * INTERVAL * 1_000) / (Date.now() - start),
    alerts: groups.flatMap(({ rules }) => rules).reduce((sum, { alerts = [] }) => sum + alerts.length, 0),
  };
}

async function measure(program: string, title: string, options: FleetOptions): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'satoken-rules-'));
  const prometheus = await startPrometheus(program, folder, join(folder, 'data'), LOOKBACK, FLAGS, CONFIG);
  try {
    const series = await fillFleet(prometheus.url, fleetNow(options));
    const { seconds, alerts } = await evaluate(prometheus);
    const what = `${title}: all rules once, with ${series} series and ${alerts} alerts`;
    return report({ what, value: seconds, atMost: MAX_SECONDS, unit: 's' });
  } finally {
    await prometheus.stop();
    rmSync(folder, { recursive: true });
  }
}

const wanted = process.argv.slice(2);
let isOk = true;
for (const { title: version, program } of PROGRAMS)
  for (const { title: fleet, options } of FLEETS) {
    const title = `${version}, ${fleet}`;
    if (wanted.length > 0 && !wanted.some((part) => title.includes(part))) continue;
    isOk = (await measure(program, title, options)) && isOk;
  }
process.exitCode = isOk ? 0 : 1;
