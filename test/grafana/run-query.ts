/**
 * Runs the queries of panels in a recorded Prometheus, with variables interpolated as in Grafana.
 */
import type { PanelQuery } from './model.ts';
import type { Prometheus, QueryResponse, Series } from './prometheus.ts';
import { JOB } from './recording.ts';
import { END, START, STEP } from './script.ts';

/** The time range of graphs in seconds. */
const WINDOW = 600;
/** `$__range`: the whole recording. */
const RANGE = END - START;

/** The selected values of variables. */
export interface Selection {
  readonly cluster: string;
  readonly node?: string;
}

/** The value of variables that select exactly one; the others select all. */
const SINGLE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'satoken-node': { node: 'node-1' },
  'satoken-workload': { namespace: 'demo' },
};

/** The values of all variables of a dashboard. */
export function variables(
  uid: string,
  { cluster, node = '.*' }: Selection,
): Readonly<Record<string, string>> {
  return {
    __rate_interval: `${4 * STEP}s`,
    __range: `${RANGE}s`,
    cluster,
    node,
    namespace: '.*',
    serviceaccount: '.*',
    pod: '.*',
    job: JOB,
    ...SINGLE[uid],
  };
}

export function substitute(expr: string, values: Readonly<Record<string, string>>): string {
  return Object.entries(values).reduce((text, [name, value]) => {
    return text.replaceAll(new RegExp(`\\$(?:${name}\\b|\\{${name}\\})`, 'g'), () => value);
  }, expr);
}

export function interpolate(expr: string, uid: string, selection: Selection): string {
  return substitute(expr, variables(uid, selection));
}

export async function runQuery(
  prometheus: Prometheus,
  { target, dashboard }: PanelQuery,
  selection: Selection,
  at: number,
): Promise<QueryResponse> {
  const expr = interpolate(target.expr, dashboard.uid, selection);
  return target.range === true
    ? prometheus.queryRange(expr, at - WINDOW, at, STEP)
    : prometheus.query(expr, at);
}

/** All values of a response. */
export function numbersOf({ data }: QueryResponse): readonly number[] {
  const samples = ({ value, values }: Series) => values ?? (value === undefined ? [] : [value]);
  return (data?.result ?? []).flatMap((series) => samples(series).map(([, text]) => Number(text)));
}

export function isLabeled({ metric }: Series, labels: Series['metric'] = {}): boolean {
  return Object.entries(labels).every(([name, value]) => metric[name] === value);
}

/** Whether Grafana merges the series into one of the rows. */
export function isPartOf({ metric }: Series, rows: readonly Series[]): boolean {
  return rows.some((row) => isLabeled(row, metric));
}
