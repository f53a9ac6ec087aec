/**
 * The synthetic fleets: thousands of nodes with few series each, and few nodes with all series.
 */

import { DASHBOARDS, labelValuesOf, QUERIES } from '../../test/grafana/model.ts';
import { metricsOf, parse } from '../../test/grafana/promql.ts';
import type { FleetOptions } from '../../test/grafana/synthetic/fleet.ts';
import type { TemplateSeries } from '../../test/grafana/synthetic/node.ts';

export interface SyntheticFleet {
  readonly title: string;
  readonly options: FleetOptions;
}

export const AT = Date.UTC(2026, 0, 1, 12) / 1_000;
/** The default time range of the dashboards, in seconds. */
export const RANGE = 21_600;
/** Seconds between two samples, twice the default scrape interval of Prometheus. */
const SCRAPE = 120;
/** The node and the namespace that the dashboards of one node and of one workload select. */
export const NODE = 'node-1';
export const NAMESPACE = 'team-1';
const SHORT = 300;
/** The only bucket that a graph of all nodes reads. */
const BUCKET = '200';

const SELECTORS = DASHBOARDS.flatMap(({ templating }) =>
  templating.list.flatMap((variable) => labelValuesOf(variable)?.selector ?? []),
);

/** Metrics that some query or variable reads. */
const READ = new Set(
  [...QUERIES.map(({ target }) => target.expr), ...SELECTORS].flatMap((expr) =>
    parse(expr).selectors.flatMap(metricsOf),
  ),
);

/** Metrics that graphs of all nodes read over the time range. */
const OVER_TIME = new Set(
  QUERIES.filter(({ dashboard }) => !['satoken-node', 'satoken-workload'].includes(dashboard.uid)).flatMap(
    ({ target }) =>
      parse(target.expr)
        .selectors.filter(({ range }) => target.range === true || range !== undefined)
        .map(({ metric }) => metric),
  ),
);

/**
 * All samples of the series that some query reads over the time range, five minutes of those that others read, and no
 * series that no query reads: they cost nothing.
 */
function history({ name, labels: { le, namespace } }: TemplateSeries, node: number): number | undefined {
  if (!READ.has(name)) return undefined;
  if (node === 1 || namespace === NAMESPACE) return RANGE;
  return OVER_TIME.has(name) && (le === undefined || le === BUCKET) ? RANGE : SHORT;
}

const COMMON = {
  cluster: '',
  unmonitored: 1,
  tokens: 110,
  namespaces: 40,
  keys: 2,
  at: AT,
  step: SCRAPE,
  history,
} as const;

export const FLEETS: readonly SyntheticFleet[] = [
  {
    title: '5,000 nodes, --metrics.per-token=problems, no rotation on 50 nodes',
    options: {
      ...COMMON,
      nodes: 5_000,
      perToken: 'problems',
      broken: { nodes: 50, failing: 110, unreadable: 1 },
    },
  },
  {
    title: '50 nodes, --metrics.per-token=all, no rotation on one node',
    options: { ...COMMON, nodes: 50, perToken: 'all', broken: { nodes: 1, failing: 110, unreadable: 1 } },
  },
];
