/**
 * Variables and links as Grafana interpolates them, followed through the recorded hour: from a row of a table to the
 * dashboard that shows the same object, with the selection kept.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, it } from 'mocha';
import { describeWith } from '../support/tools.ts';
import {
  DASHBOARDS,
  type Dashboard,
  labelValuesOf,
  type Override,
  type Panel,
  type PanelQuery,
  queriesOf,
  shownPanels,
} from './model.ts';
import type { Prometheus, Series } from './prometheus.ts';
import { PROGRAMS, startRecorded } from './recorded.ts';
import { CLUSTERS } from './recording.ts';
import { isLabeled, numbersOf, substitute, variables } from './run-query.ts';
import { END, instantOf, START } from './script.ts';

type Labels = Series['metric'];

const RUNBOOKS = new URL('../../docs/runbooks/', import.meta.url);
const AT = instantOf('signing key changed');
/** What is selected where a link starts. */
const DATASOURCE = 'prom';
/** The value of a variable that selects all, in URLs. */
const ALL = '$__all';
const TIMES = { from: 'now-6h', to: 'now' } as const;
/** The panel of a linked dashboard that has a row for every object that it can select. */
const TARGET_PANEL = 'Every token';
/** Their nodes have no exporter, or their pods no readable token, so that the dashboards of these are empty. */
const WITHOUT_DATA = ['Nodes without an exporter', 'Exporters without a recent scan', 'Unreadable objects'];

interface CellLink {
  readonly label: string;
  readonly url: string;
  /** What the cell shows instead of a value. */
  readonly mappings: Readonly<Record<string, { readonly text: string }>>;
}

/** The entries of all properties with this id, whose values are lists. */
function entriesOf<T>({ properties }: Override, id: string): readonly T[] {
  return properties.filter((property) => property.id === id).flatMap(({ value }) => value as readonly T[]);
}

/** The links of the columns of a table. */
function linksOf({ fieldConfig }: Panel): readonly CellLink[] {
  return (fieldConfig?.overrides ?? []).flatMap((override) => {
    const options = entriesOf<{ readonly options: CellLink['mappings'] }>(override, 'mappings').map(
      (mapping) => mapping.options,
    );
    const mappings = Object.assign({}, ...options) as CellLink['mappings'];
    const links = entriesOf<{ readonly url: string }>(override, 'links');
    return links.map(({ url }) => ({ label: override.matcher.options, url, mappings }));
  });
}

/** The URL of a link in a row, as Grafana makes it. */
function resolve({ label, url, mappings }: CellLink, row: Labels): URL {
  const value = row[label] ?? '';
  const values: Readonly<Record<string, string>> = {
    '__value.raw': encodeURIComponent(value),
    '__value.text': encodeURIComponent(mappings[value]?.text ?? value),
    'datasource:queryparam': `var-datasource=${DATASOURCE}`,
    __url_time_range: new URLSearchParams(TIMES).toString(),
  };
  const text = url.replaceAll(/\$\{([^}]+)\}/g, (_, name: string) => {
    const field = /^__data\.fields\.(\w+)$/.exec(name)?.[1];
    return field === undefined ? (values[name] ?? assert.fail(name)) : encodeURIComponent(row[field] ?? '');
  });
  return new URL(text, 'https://grafana.example');
}

function dashboardOf({ pathname }: URL): Dashboard {
  return DASHBOARDS.find(({ uid }) => pathname === `/d/${uid}`) ?? assert.fail(pathname);
}

/** The variables that a URL sets, by name. */
function setBy(url: URL): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...url.searchParams]
      .filter(([name]) => name.startsWith('var-'))
      .map(([name, value]) => [name.slice('var-'.length), value]),
  );
}

function assertRunbook({ pathname, href }: URL): void {
  const name = pathname.split('/').at(-1) ?? '';
  assert.ok(existsSync(new URL(name, RUNBOOKS)), href);
}

function assertKept(url: URL, cluster = ALL): void {
  const { from, to } = Object.fromEntries(url.searchParams);
  const kept = { datasource: DATASOURCE, cluster, ...TIMES };
  assert.deepEqual(
    { datasource: setBy(url)['datasource'], cluster: setBy(url)['cluster'], from, to },
    kept,
    url.href,
  );
  const names = dashboardOf(url).templating.list.map(({ name }) => name);
  for (const name of Object.keys(setBy(url))) assert.ok(names.includes(name), url.href);
}

function tableQueries(dashboard: Dashboard): readonly PanelQuery[] {
  const firsts = queriesOf(dashboard).filter(({ target }) => target.refId === 'A');
  return firsts.filter(({ panel }) => linksOf(panel).length > 0);
}

for (const { title, program, tools } of PROGRAMS)
  describeWith(tools, `variables and links of the dashboards in ${title}`, () => {
    let prometheus: Prometheus;
    before(async () => {
      prometheus = await startRecorded(program);
    });
    after(() => prometheus.stop());

    const rowsOf = async (
      { target, dashboard: { uid } }: PanelQuery,
      cluster: string,
      selected: Labels = {},
    ) => {
      const values = { ...variables(uid, { cluster }), ...selected, cluster };
      const { data, error } = await prometheus.query(substitute(target.expr, values), AT);
      return data?.result ?? assert.fail(error);
    };

    /** The rows of the linked dashboard with the labels of the row where the link starts. */
    const linkedRows = async (url: URL, labels: Labels): Promise<number> => {
      const linked = dashboardOf(url);
      const [every] = queriesOf(linked).filter(({ panel }) => panel.title === TARGET_PANEL);
      assert.ok(every, linked.uid);
      const rows = await rowsOf(every, labels['cluster'] ?? CLUSTERS.all, setBy(url));
      assert.ok(
        rows.every((row) => isLabeled(row, labels)),
        url.href,
      );
      return rows.length;
    };

    const assertLeads = async (panel: Panel, link: CellLink, row: Labels): Promise<void> => {
      const url = resolve(link, row);
      if (url.pathname.includes('/docs/runbooks/')) return assertRunbook(url);
      const { cluster } = row;
      assertKept(url, cluster);
      const { datasource: _, cluster: __, ...chosen } = setBy(url);
      const own: Labels = Object.fromEntries(Object.keys(chosen).map((name) => [name, row[name] ?? '']));
      assert.deepEqual(chosen, own, url.href);
      const rows = await linkedRows(url, cluster === undefined ? own : { ...own, cluster });
      assert.ok(rows > 0 || WITHOUT_DATA.includes(panel.title), url.href);
    };

    for (const dashboard of DASHBOARDS)
      it(`offer values for every variable of ${dashboard.uid}`, async () => {
        for (const variable of dashboard.templating.list.filter(({ type }) => type === 'query')) {
          const { selector, label } = labelValuesOf(variable) ?? assert.fail(variable.name);
          const expr = substitute(selector, variables(dashboard.uid, { cluster: '.*' }));
          const values = await prometheus.labelValues(label, expr, START, END);
          assert.ok(
            values.some((value) => value !== ''),
            `${variable.name}: ${expr}`,
          );
        }
      });

    for (const dashboard of DASHBOARDS)
      for (const query of tableQueries(dashboard))
        it(`lead from ${query.where} to the same object, and keep the selection`, async () => {
          const [row] = await rowsOf(query, CLUSTERS.all);
          assert.ok(row, 'the table is empty');
          // An empty cell has nothing to click on.
          const links = linksOf(query.panel).filter(({ label }) => (row.metric[label] ?? '') !== '');
          for (const link of links) await assertLeads(query.panel, link, row.metric);
        });

    it('lead to an existing runbook from every row', async () => {
      const found = DASHBOARDS.flatMap(tableQueries).flatMap((query) =>
        linksOf(query.panel).flatMap((link) => (link.label === 'runbook' ? [{ query, link }] : [])),
      );
      assert.ok(found.length > 0);
      for (const { query, link } of found)
        for (const { metric } of await rowsOf(query, CLUSTERS.all)) assertRunbook(resolve(link, metric));
    });

    /** Links to dashboards in the rows of all clusters, each with its cluster. */
    const linksOfClusters = async (query: PanelQuery) => {
      const links = linksOf(query.panel);
      const rows = await rowsOf(query, '.*');
      const all = rows.flatMap(({ metric }) =>
        links.map((link) => ({ url: resolve(link, metric), cluster: metric['cluster'] })),
      );
      return all.filter(({ url }) => url.pathname.startsWith('/d/'));
    };

    it('lead to the same cluster if several have nodes, namespaces and pods of the same names', async () => {
      const clusters = new Set<string | undefined>();
      for (const query of DASHBOARDS.flatMap(tableQueries))
        for (const { url, cluster } of await linksOfClusters(query)) {
          clusters.add(cluster);
          assertKept(url, cluster);
        }
      assert.deepEqual([...clusters].sort(), ['none', 'problems', undefined]);
    });

    it('find no node, namespace, service account or pod in a table without its link', () => {
      for (const dashboard of DASHBOARDS)
        for (const panel of shownPanels(dashboard).filter(({ type }) => type === 'table')) {
          const linked = linksOf(panel).map(({ label }) => label);
          const shown = (panel.fieldConfig?.overrides ?? []).map(({ matcher }) => matcher.options);
          for (const label of ['node', 'namespace', 'serviceaccount', 'pod', 'runbook', 'alertname'])
            assert.equal(linked.includes(label), shown.includes(label), `${panel.title}: ${label}`);
        }
    });

    it('find alerts for the annotations at the place of the alert', async () => {
      for (const { uid, annotations } of DASHBOARDS)
        for (const { expr = '' } of annotations.list) {
          const found = await prometheus.query(substitute(expr, variables(uid, { cluster: '.*' })), AT);
          assert.ok(numbersOf(found).length > 0, uid);
        }
    });
  });
