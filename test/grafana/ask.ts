/**
 * Asks a recorded Prometheus what a panel asks, with variables filled in as Grafana fills them in.
 */
import type { PanelQuery } from './model.ts';
import type { Answer, Prometheus, Series } from './prometheus.ts';
import { JOB } from './recording.ts';
import { STEP } from './script.ts';

/** What a panel over time shows of the past. */
const WINDOW = 600;
const RANGE = 3_600;

/** What is chosen on a dashboard that lets one choose it. */
export interface Chosen {
  readonly cluster: string;
  readonly node?: string;
}

function variables({ cluster, node = '.*' }: Chosen): Readonly<Record<string, string>> {
  return {
    __rate_interval: `${4 * STEP}s`,
    __range: `${RANGE}s`,
    cluster,
    node,
    namespace: '.*',
    serviceaccount: '.*',
    pod: '.*',
    job: JOB,
  };
}

/** One of a dashboard that must choose one, and everything on the others. */
const SINGLE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'satoken-node': { node: 'node-1' },
  'satoken-workload': { namespace: 'demo' },
};

export function fillIn(expr: string, uid: string, chosen: Chosen): string {
  const values = { ...variables(chosen), ...SINGLE[uid] };
  return Object.entries(values).reduce((text, [name, value]) => {
    return text.replaceAll(new RegExp(`\\$(?:${name}\\b|\\{${name}\\})`, 'g'), () => value);
  }, expr);
}

export async function ask(
  prometheus: Prometheus,
  { target, dashboard }: PanelQuery,
  chosen: Chosen,
  at: number,
): Promise<Answer> {
  const expr = fillIn(target.expr, dashboard.uid, chosen);
  return target.range === true
    ? prometheus.queryRange(expr, at - WINDOW, at, STEP)
    : prometheus.query(expr, at);
}

/** Every number of an answer. */
export function numbersOf({ data }: Answer): readonly number[] {
  const samples = ({ value, values }: Series) => values ?? (value === undefined ? [] : [value]);
  return (data?.result ?? []).flatMap((series) => samples(series).map(([, text]) => Number(text)));
}
