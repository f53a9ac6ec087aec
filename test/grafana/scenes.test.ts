/**
 * Every query of every panel, run by Prometheus over the recording of the scripted hour.
 *
 * A panel shows data in the scene that it is meant for. No query fails in any per-token mode, and a panel that a mode
 * leaves empty says so.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { DEMO_PODS } from '../../simulator/demo/pods.ts';
import { describeWith } from '../support/tools.ts';
import { DASHBOARDS, type Panel, type PanelQuery, QUERIES, shownPanels } from './model.ts';
import type { Prometheus, QueryResponse, Series } from './prometheus.ts';
import { PROGRAMS, startRecorded } from './recorded.ts';
import { CLUSTERS } from './recording.ts';
import { isLabeled, isPartOf, numbersOf, runQuery, type Selection } from './run-query.ts';
import { type Expected, SHOWN } from './scenes.ts';
import { createScenes, instantOf } from './script.ts';

const FIRST_CLUSTER: Selection = { cluster: CLUSTERS.all };
const ALL_CLUSTERS: Selection = { cluster: '.*' };
function shows({ data }: QueryResponse, { labels, atLeast }: Expected): boolean {
  const result = (data?.result ?? []).filter((series) => isLabeled(series, labels));
  const numbers = numbersOf({ status: 'success', data: { result } }).filter(
    (number) => !Number.isNaN(number),
  );
  return numbers.some((number) => (atLeast === undefined ? number !== 0 : number >= atLeast));
}

function queriesOn(panel: Panel): readonly PanelQuery[] {
  return QUERIES.filter((query) => query.panel === panel);
}

describe('the scenes', () => {
  for (const dashboard of DASHBOARDS)
    it(`have a row for each panel of ${dashboard.uid}, and no other`, () => {
      const titles = shownPanels(dashboard).map(({ title }) => title);
      assert.deepEqual(Object.keys(SHOWN[dashboard.uid] ?? {}).sort(), titles.sort());
    });

  for (const pods of [[], DEMO_PODS, [...DEMO_PODS, ...DEMO_PODS, ...DEMO_PODS]])
    it(`are in order for ${pods.length} pods: each pod is visible before the node has problems`, () => {
      const scenes = createScenes(pods);
      const minutes = scenes.map(({ minute }) => minute);
      assert.deepEqual(
        minutes,
        minutes.toSorted((a, b) => a - b),
      );
      const down = scenes.findIndex(({ name }) => name === 'API server down');
      const start = scenes[down]?.minute ?? 0;
      assert.equal(down, pods.length + 2);
      for (const { minute, visibleAfter } of scenes.slice(0, down))
        assert.ok(minute * 60 + visibleAfter < start * 60);
    });
});

for (const { title, program, tools } of PROGRAMS) {
  describeWith(tools, `the dashboards in ${title}`, () => {
    let prometheus: Prometheus;
    before(async () => {
      prometheus = await startRecorded(program);
    });
    after(() => prometheus.stop());

    const run = (query: PanelQuery, selection: Selection, scene: string) =>
      runQuery(prometheus, query, selection, instantOf(scene));

    const isEmpty = async (panel: Panel, cluster: string, scene: string): Promise<boolean> => {
      const responses = await Promise.all(
        queriesOn(panel).map((query) => run(query, { cluster, node: 'node-1' }, scene)),
      );
      return responses.every((response) => numbersOf(response).length === 0);
    };

    /** Whether the panel has data, or says why not. If only the mode leaves it empty, it must name the option. */
    const hasDataOrReason = async (panel: Panel, cluster: string, scene: string): Promise<boolean> => {
      if (!(await isEmpty(panel, cluster, scene))) return true;
      const message = panel.fieldConfig?.defaults.noValue ?? '';
      const isByMode = !(await isEmpty(panel, CLUSTERS.all, scene));
      return isByMode ? message.includes('--metrics.per-token') : message !== '';
    };

    const rowsOf = async (query: PanelQuery, scene: string): Promise<readonly Series[]> =>
      (await run(query, ALL_CLUSTERS, scene)).data?.result ?? [];

    for (const dashboard of DASHBOARDS)
      for (const panel of shownPanels(dashboard)) {
        const shown = SHOWN[dashboard.uid]?.[panel.title];
        it(`show data in ${dashboard.uid} / ${panel.title} in the scene: ${shown?.scene}`, async () => {
          assert.ok(shown);
          const [first, ...others] = queriesOn(panel);
          assert.ok(first);
          const response = await run(first, FIRST_CLUSTER, shown.scene);
          assert.ok(shows(response, shown), JSON.stringify(response).slice(0, 2_000));
          for (const other of others)
            assert.ok(shows(await run(other, FIRST_CLUSTER, shown.scene), {}), other.where);
          if (shown.scene === 'healthy') return;
          const healthy = await run(first, FIRST_CLUSTER, 'healthy');
          assert.ok(!shows(healthy, shown), JSON.stringify(healthy).slice(0, 2_000));
        });
      }

    for (const [mode, cluster] of Object.entries({ ...CLUSTERS, any: ALL_CLUSTERS.cluster }))
      for (const scene of ['healthy', 'API server down', 'signing key changed'])
        it(`run every query without an error or a warning: ${scene}, per-token mode ${mode}`, async () => {
          for (const query of QUERIES) {
            const { status, error, warnings, infos } = await run(query, { cluster }, scene);
            assert.deepEqual(
              { status, error, warnings, infos },
              { status: 'success', error: undefined, warnings: undefined, infos: undefined },
              query.where,
            );
          }
        });

    for (const [mode, cluster] of Object.entries(CLUSTERS))
      for (const scene of ['healthy', 'signing key changed'])
        it(`explain every empty panel: ${scene}, per-token mode ${mode}`, async () => {
          for (const panel of DASHBOARDS.flatMap(shownPanels))
            assert.ok(await hasDataOrReason(panel, cluster, scene), panel.title);
        });

    it('make no forecast from failing tokens only', async () => {
      const forecasts = QUERIES.filter(({ panel }) =>
        /^(Share of tokens expired|Time left by)/.test(panel.title),
      );
      assert.equal(forecasts.length, 3);
      for (const query of forecasts)
        assert.deepEqual(
          numbersOf(await run(query, { cluster: CLUSTERS.problems }, 'legacy')),
          [],
          query.where,
        );
    });

    it('have a row in the first query of a table for each row of the others', async () => {
      const tables = DASHBOARDS.flatMap(shownPanels).filter(({ type }) => type === 'table');
      const pairs = tables.flatMap((panel) => {
        const [first, ...others] = queriesOn(panel);
        return others.map((other) => ({ first, other }));
      });
      assert.ok(pairs.length > 0);
      for (const { first, other } of pairs) {
        assert.ok(first);
        const rows = await rowsOf(first, 'signing key changed');
        const unmatched = (await rowsOf(other, 'signing key changed')).filter((row) => !isPartOf(row, rows));
        assert.deepEqual(unmatched, [], other.where);
      }
    });
  });
}
