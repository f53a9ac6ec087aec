/**
 * The cost of one panel in CPU seconds of Prometheus.
 */
import { readFileSync } from 'node:fs';
import {
  type Dashboard,
  labelValuesOf,
  type Panel,
  shownPanels,
  type Target,
} from '../../test/grafana/model.ts';
import type { Prometheus } from '../../test/grafana/prometheus.ts';
import { substitute, variables } from '../../test/grafana/run-query.ts';
import { NAMESPACE, NODE, RANGE } from './fleets.ts';

export interface PanelCost {
  readonly title: string;
  readonly seconds: number;
  /** Samples that the queries load, according to Prometheus. */
  readonly samples: number;
  /** Series in the responses. */
  readonly series: number;
}

/** Clock ticks in a second, in /proc. */
const TICKS = 100;
/** Fields 14 and 15 of /proc/PID/stat: user and system time, after the name in parentheses and 11 others. */
const USER = 11;
const ROUNDS = 2;

/** CPU time that a process has used. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[USER]) + Number(fields[USER + 1])) / TICKS;
}

/** Runs it a few times. The least is that without garbage of the one before. */
async function cpuOf(pid: number, run: () => Promise<void>): Promise<number> {
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = cpuSeconds(pid);
    await run();
    rounds.push(cpuSeconds(pid) - before);
  }
  return Math.min(...rounds);
}

/** The least step of the dashboards. */
const MIN_STEP = 60;
/** Grafana rounds steps: up to the first number to the second one. */
const ROUNDED = [
  [90, 60],
  [210, 120],
  [450, 300],
  [750, 600],
  [1_050, 900],
  [1_500, 1_200],
] as const;

/** The step of a graph over the time range, as Grafana computes it. */
function stepOf({ maxDataPoints = RANGE }: Panel): number {
  const wanted = RANGE / maxDataPoints;
  return Math.max(MIN_STEP, ROUNDED.find(([below]) => wanted < below)?.[1] ?? wanted);
}

function valuesOf(uid: string, step: number): Readonly<Record<string, string>> {
  return {
    ...variables(uid, { cluster: '.*' }),
    __rate_interval: `${Math.max(step + MIN_STEP, 4 * MIN_STEP)}s`,
    __range: `${RANGE}s`,
    ...(uid === 'satoken-node' ? { node: NODE } : {}),
    ...(uid === 'satoken-workload' ? { namespace: NAMESPACE } : {}),
  };
}

interface Result {
  readonly status: string;
  readonly error?: string;
  readonly data: {
    readonly result: readonly unknown[];
    readonly stats: { readonly samples: { readonly totalQueryableSamples: number } };
  };
}

async function ask({ url }: Prometheus, expr: string, step: number | undefined, at: number): Promise<Result> {
  const times =
    step !== undefined
      ? { start: String(at - RANGE), end: String(at), step: String(step) }
      : { time: String(at) };
  const body = new URLSearchParams({ query: expr, stats: 'all', ...times });
  const response = await fetch(`${url}/api/v1/query${step === undefined ? '' : '_range'}`, {
    method: 'POST',
    body,
  });
  const result = (await response.json()) as Result;
  if (result.status !== 'success') throw new Error(`${expr}: ${result.error}`);
  return result;
}

async function targetCost(
  prometheus: Prometheus,
  panel: Panel,
  target: Target,
  uid: string,
  at: number,
): Promise<PanelCost> {
  const step = stepOf(panel);
  const expr = substitute(target.expr, valuesOf(uid, step));
  let samples = 0;
  let series = 0;
  const seconds = await cpuOf(prometheus.pid, async () => {
    const { data } = await ask(prometheus, expr, target.range === true ? step : undefined, at);
    samples = data.stats.samples.totalQueryableSamples;
    series = data.result.length;
  });
  return { title: target.refId, seconds, samples, series };
}

function sumOf(title: string, costs: readonly PanelCost[]): PanelCost {
  const sum = (of: (cost: PanelCost) => number) => costs.reduce((total, cost) => total + of(cost), 0);
  return {
    title,
    seconds: sum(({ seconds }) => seconds),
    samples: sum(({ samples }) => samples),
    series: Math.max(...costs.map(({ series }) => series)),
  };
}

/** Collects the garbage of what was before, which no query is to pay for. */
async function collectGarbage({ url }: Prometheus): Promise<void> {
  const response = await fetch(`${url}/debug/pprof/heap?gc=1`);
  await response.arrayBuffer();
}

async function panelCost(prometheus: Prometheus, panel: Panel, uid: string, at: number) {
  const { title, targets = [] } = panel;
  await collectGarbage(prometheus);
  const costs: PanelCost[] = [];
  for (const target of targets) costs.push(await targetCost(prometheus, panel, target, uid, at));
  return sumOf(title, costs);
}

/** The values of all variables, and the alerts of the annotations. */
async function headCost(prometheus: Prometheus, dashboard: Dashboard, at: number): Promise<PanelCost> {
  const { uid, templating } = dashboard;
  let series = 0;
  const seconds = await cpuOf(prometheus.pid, async () => {
    for (const variable of templating.list) {
      const found = labelValuesOf(variable);
      if (found === undefined) continue;
      const selector = substitute(found.selector, valuesOf(uid, MIN_STEP));
      const values = await prometheus.labelValues(found.label, selector, at - RANGE, at);
      series = Math.max(series, values.length);
    }
  });
  return { title: 'values of the variables', seconds, samples: 0, series };
}

/** The cost of each panel, and of the variables. */
export async function costOf(
  prometheus: Prometheus,
  dashboard: Dashboard,
  at: number,
): Promise<readonly PanelCost[]> {
  const costs = [await headCost(prometheus, dashboard, at)];
  for (const panel of shownPanels(dashboard))
    costs.push(await panelCost(prometheus, panel, dashboard.uid, at));
  return costs;
}
