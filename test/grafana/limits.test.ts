/**
 * No query returns more series than its panel can show, in a fleet in which everything fails.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'mocha';
import { NOW } from '../support/tokens.ts';
import { describeWith } from '../support/tools.ts';
import { DASHBOARDS, type Dashboard, type PanelQuery, QUERIES, queriesOf, shownPanels } from './model.ts';
import { type Prometheus, type Series, startPrometheus } from './prometheus.ts';
import { metricsOf, parse } from './promql.ts';
import { PROGRAMS } from './recorded.ts';
import { isPartOf, substitute, variables } from './run-query.ts';
import { type FleetOptions, fillFleet } from './synthetic/fleet.ts';

const ROWS = 200;
/** The most series of a query, by kind of panel. */
const LIMITS: Readonly<Record<string, number>> = {
  stat: 1,
  table: ROWS,
  timeseries: 12,
  'state-timeline': 25,
};
/** Tables whose rows are a closed set of names, of clusters, or of targets that are down, which these fleets have none of. */
const SMALL_TABLES = [
  'Checks without a verdict',
  'Exporters by version',
  'Outdated data',
  'Overdue tokens by cause',
  'Problems by reason',
  'Share of tokens expired',
  'Targets down',
  'Time left by namespace',
  'Time left by service account',
  'Tokens by origin',
  'Tokens rotated in time, 30 days',
];

/** So long after the last sample that the last scan is not recent. */
const AT = NOW + 200;
const STEP = 60;
const READ = new Set(QUERIES.flatMap(({ target }) => parse(target.expr).selectors.flatMap(metricsOf)));

const COMMON = {
  at: NOW,
  step: STEP,
  history: ({ name }) => (READ.has(name) ? 0 : undefined),
} as const satisfies Pick<FleetOptions, 'at' | 'step' | 'history'>;
/** Each node has a failing token in one namespace. */
const MANY_NODES: FleetOptions = {
  ...COMMON,
  cluster: '',
  nodes: 300,
  unmonitored: 300,
  perToken: 'problems',
  tokens: 2,
  namespaces: 2,
  keys: 1,
  broken: { nodes: 300, failing: 2, unreadable: 0 },
};
/** One node with a failing token in each of many namespaces. */
const LARGE_NODE: FleetOptions = {
  ...COMMON,
  cluster: 'large',
  nodes: 1,
  unmonitored: 0,
  perToken: 'all',
  tokens: 700,
  namespaces: 250,
  keys: 250,
  broken: { nodes: 1, failing: 700, unreadable: 300 },
};
const FLAGS = ['--web.enable-remote-write-receiver'];

/** The selection of dashboards about one thing that has most. */
const SELECTED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'satoken-node': { node: 'node-1', cluster: 'large' },
  'satoken-workload': { namespace: 'team-1' },
};

/** The queries of each table. */
function tablesOf(dashboard: Dashboard): readonly (readonly PanelQuery[])[] {
  const tables = shownPanels(dashboard).filter(({ type }) => type === 'table');
  return tables.map((panel) => queriesOf(dashboard).filter((query) => query.panel === panel));
}

for (const { title, program, tools } of PROGRAMS)
  describeWith(tools, `the queries for a large fleet in ${title}`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'satoken-limits-'));
    let prometheus: Prometheus;
    before(async () => {
      prometheus = await startPrometheus(program, folder, join(folder, 'data'), 300, FLAGS);
      for (const fleet of [MANY_NODES, LARGE_NODE]) await fillFleet(prometheus.url, fleet);
    });
    after(async () => {
      await prometheus.stop();
      rmSync(folder, { recursive: true });
    });

    const run = async ({ target, dashboard: { uid } }: PanelQuery): Promise<readonly Series[]> => {
      const values = { ...variables(uid, { cluster: '.*' }), ...SELECTED[uid] };
      const expr = substitute(target.expr, values);
      const { data, error } =
        target.range === true
          ? await prometheus.queryRange(expr, AT - 10 * STEP, AT, STEP)
          : await prometheus.query(expr, AT);
      return data?.result ?? assert.fail(`${error}: ${expr}`);
    };

    /** The rows of the first query of a table, which the others must not exceed. */
    const rowsOf = async ([first]: readonly PanelQuery[]): Promise<readonly Series[]> => {
      assert.ok(first);
      return run(first);
    };

    /** Rows of the other columns that the first one does not have, by query. */
    const rowsOutside = async ([first, ...others]: readonly PanelQuery[]) => {
      const rows = others.length === 0 ? [] : await rowsOf([first ?? assert.fail()]);
      const outside: (readonly [PanelQuery, readonly Series[]])[] = [];
      for (const query of others)
        outside.push([query, (await run(query)).filter((row) => !isPartOf(row, rows))]);
      return outside;
    };

    for (const dashboard of DASHBOARDS) {
      it(`return at most the series that a panel can show: ${dashboard.uid}`, async () => {
        for (const query of queriesOf(dashboard)) {
          const limit = LIMITS[query.panel.type] ?? assert.fail(query.panel.type);
          const { length } = await run(query);
          assert.ok(length <= limit, `${query.where}: ${length}`);
        }
      });

      it(`return the same rows for all columns of a table: ${dashboard.uid}`, async () => {
        for (const queries of tablesOf(dashboard)) {
          for (const [query, others] of await rowsOutside(queries)) assert.deepEqual(others, [], query.where);
        }
      });

      it(`fill every table that can be large: ${dashboard.uid}`, async () => {
        for (const queries of tablesOf(dashboard)) {
          const { title: name = '', description } = queries[0]?.panel ?? {};
          const { length } = await rowsOf(queries);
          const isSmall = SMALL_TABLES.includes(name);
          assert.equal(length < ROWS, isSmall, `${name}: ${length}`);
          if (!isSmall) assert.match(description ?? '', /At most 200 rows\.$/, name);
        }
      });
    }
  });
