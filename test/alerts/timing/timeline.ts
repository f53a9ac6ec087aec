/**
 * Scrapes as series for promtool, and the alerts that the rules fire for them.
 *
 * Prometheus evaluates the rules 25 s after each scrape, which is almost the worst that can happen with scrapes and
 * evaluations every 30 s. The clock of promtool starts at 0, so all times in the series are relative to the start.
 */
import { join } from 'node:path';
import { stringify } from 'yaml';
import { ALERTS, GROUPS } from '../../../alerts/groups.ts';
import { ROOT } from '../../docs/documents.ts';
import { PROMTOOLS } from '../../support/tools.ts';
import { parseExpression } from '../promql.ts';
import { runTestFile } from '../promtool-runs.ts';
import { TARGET } from '../series.ts';

export const INTERVAL = 30;
/** The first scrape is this many seconds after the first evaluation. */
const LAG_OF_SCRAPE = 5;
/** Seconds between two values in the notation of promtool. */
const RESOLUTION = 5;
const LEAD = LAG_OF_SCRAPE / RESOLUTION;

/** The metrics in the rules; the others would only cost time. */
const METRICS = new Set(
  [...GROUPS.flatMap(({ recordings }) => recordings), ...ALERTS]
    .flatMap(({ expr }) => parseExpression(expr).selectors)
    .map(({ metric }) => metric),
);
const TARGET_TEXT = Object.entries(TARGET)
  .map(([label, value]) => `${label}="${value}"`)
  .join(',');
const LINE = /^(?<name>\w+)\{(?<labels>.*)\} (?<value>\S+)$/;
const UP = `up{${TARGET_TEXT}}`;

/** The samples of a scrape by series. */
export type Samples = ReadonlyMap<string, string>;

export function samplesOf(exposition: string, start: number): Samples {
  const lines = exposition.split('\n').map((line) => LINE.exec(line)?.groups ?? {});
  const known = lines.filter(({ name = '' }) => METRICS.has(name));
  const samples = known.map(({ name = '', labels, value = '' }) => {
    const isTime = name.endsWith('_timestamp_seconds');
    return [
      `${name}{${labels},${TARGET_TEXT}}`,
      isTime ? String(Number(value) - start + LAG_OF_SCRAPE) : value,
    ] as const;
  });
  return new Map([...samples, [UP, '1']]);
}

export const FAILED: Samples = new Map([[UP, '0']]);
/** Prometheus did not try. */
const NO_SCRAPE: Samples = new Map();

/** Keeps one of `factor` scrapes, from the given one on. */
export function rarely(scrapes: readonly Samples[], factor: number, first: number): readonly Samples[] {
  return scrapes.map((samples, index) => (index % factor === first ? samples : NO_SCRAPE));
}

interface PromtoolSeries {
  readonly series: string;
  readonly values: string;
}

/** The values of a series in the notation of promtool. Prometheus marks a series as stale once it is missing. */
function valuesOf(name: string, scrapes: readonly Samples[]): string {
  let wasThere = false;
  const values = scrapes.map((samples) => {
    if (samples === NO_SCRAPE) return '_';
    const value = samples.get(name) ?? (wasThere ? 'stale' : '_');
    wasThere = samples.has(name);
    return value;
  });
  return `_x${LEAD} ${values.join(` _x${INTERVAL / RESOLUTION - 1} `)}`;
}

export function seriesOf(scrapes: readonly Samples[]): readonly PromtoolSeries[] {
  const names = new Set(scrapes.flatMap((samples) => [...samples.keys()]));
  return [...names].map((series) => ({ series, values: valuesOf(series, scrapes) }));
}

/** The same from another node. */
export function ofNode(node: string, scrapes: readonly Samples[]): readonly Samples[] {
  const renamed = (name: string): string =>
    name.replace('node="node-1"', `node="${node}"`).replace(TARGET.instance, `${node}:9894`);
  return scrapes.map((samples) =>
    samples === NO_SCRAPE ? samples : new Map([...samples].map(([name, value]) => [renamed(name), value])),
  );
}

export interface Timeline {
  readonly series: readonly PromtoolSeries[];
  readonly seconds: number;
  /** Each selects some of the alerts. */
  readonly matchers: readonly string[];
}

export interface FiringAlert {
  readonly labels: Readonly<Record<string, string>>;
  /** When it fired first, in seconds from the start. */
  readonly at: number;
}

/** promtool prints the result of a query if it is not as expected. */
const FOUND = /\{(?<labels>[^{}]*alertname=[^{}]*)\} (?<value>[\d.E+-]+)/g;

/**
 * The exporter scans by its own timers, which run in real time, so that its last scan looks old. This alert and the
 * tests do not affect each other.
 */
const IGNORED = ['SATokenScanOld'];

function firingIn(output: string): readonly FiringAlert[] {
  const found = [...output.matchAll(FOUND)].map(({ groups = {} }) => {
    const pairs = (groups['labels'] ?? '').matchAll(/(\w+)="([^"]*)"/g);
    const labels = Object.fromEntries([...pairs].map(([, label = '', value = '']) => [label, value]));
    return { labels, at: Number(groups['value']) - LAG_OF_SCRAPE };
  });
  return found.filter(({ labels }) => !IGNORED.includes(labels['alertname'] ?? ''));
}

/** No alert has this result, so that promtool prints all alerts. */
const NO_RESULT = [{ labels: 'none', value: 0 }];

/** promtool allows for 10,000 samples in a query. */
function queryOf(matcher: string, seconds: number): string {
  return `min_over_time(timestamp(ALERTS{alertstate="firing",${matcher}})[${seconds}s:${INTERVAL}s])`;
}

function testFile({ series: input_series, seconds, matchers }: Timeline): string {
  const test = {
    interval: `${RESOLUTION}s`,
    input_series,
    promql_expr_test: matchers.map((matcher) => ({
      expr: queryOf(matcher, seconds),
      eval_time: `${seconds}s`,
      exp_samples: NO_RESULT,
    })),
  };
  return stringify({
    rule_files: [join(ROOT, 'alerts/rules.yaml')],
    evaluation_interval: `${INTERVAL}s`,
    tests: [test],
  });
}

/** The alerts that fire. `others`: the versions of promtool that need the same run. */
export async function firstAlerts(
  promtool: string,
  timeline: Timeline,
  others = PROMTOOLS,
): Promise<readonly FiringAlert[]> {
  const { output } = await runTestFile(promtool, { 'test.yaml': testFile(timeline) }, others);
  const results = output.split('got:').slice(1);
  if (results.length !== timeline.matchers.length || output.includes('err:')) throw new Error(output);
  return results.flatMap(firingIn);
}
