/**
 * Every question of every panel, put to a real Prometheus that holds an hour of trouble.
 *
 * In the scene it is meant for a panel shows data; in no per-token mode does a question fail, and where a mode leaves a
 * panel empty, the panel says so.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { describeWith, PROMTOOL_3 } from '../support/tools.ts';
import { ask, type Chosen, fillIn, numbersOf } from './ask.ts';
import { DASHBOARDS, labelValuesOf, type Panel, type PanelQuery, QUERIES, shownPanels } from './model.ts';
import { type Answer, type Prometheus, type Series, startPrometheus } from './prometheus.ts';
import { CLUSTERS, recordHour } from './recording.ts';
import { type Expected, SHOWN } from './scenes.ts';
import { instantOf, STEP } from './script.ts';

const ALL: Chosen = { cluster: CLUSTERS.all };
/** Of every cluster at once, as when nothing was chosen. */
const EVERYWHERE: Chosen = { cluster: '.*' };
const PROGRAMS = [
  { title: 'Prometheus of this system', program: 'prometheus', tools: ['prometheus', 'promtool'] },
  {
    title: 'Prometheus 3',
    program: join(dirname(PROMTOOL_3), 'prometheus'),
    tools: ['promtool', 'promtool 3 (.ci/prometheus3)'],
  },
] as const;

const folder = mkdtempSync(join(tmpdir(), 'satoken-hour-'));
let recorded: Promise<string> | undefined;

/** Recorded once, read by each Prometheus. */
async function recording(): Promise<string> {
  const data = join(folder, 'data');
  recorded ??= recordHour(folder, data).then(() => data);
  return recorded;
}

function isLabelled({ metric }: Series, labels: Expected['labels'] = {}): boolean {
  return Object.entries(labels).every(([name, value]) => metric[name] === value);
}

/** Whether an answer shows what it is meant to. */
function shows({ data }: Answer, { labels, atLeast }: Expected): boolean {
  const result = (data?.result ?? []).filter((series) => isLabelled(series, labels));
  const numbers = numbersOf({ status: 'success', data: { result } }).filter(
    (number) => !Number.isNaN(number),
  );
  return numbers.some((number) => (atLeast === undefined ? number !== 0 : number >= atLeast));
}

function questionsOn(panel: Panel): readonly PanelQuery[] {
  return QUERIES.filter((question) => question.panel === panel);
}

/** Whether a row of one answer goes into a row of another, as Grafana merges them. */
function isPartOf({ metric }: Series, rows: readonly Series[]): boolean {
  return rows.some((row) => isLabelled(row, metric));
}

after(() => rmSync(folder, { recursive: true }));

describe('the scenes', () => {
  for (const dashboard of DASHBOARDS)
    it(`${dashboard.uid} has one for each of its panels, and no other`, () => {
      const titles = shownPanels(dashboard).map(({ title }) => title);
      assert.deepEqual(Object.keys(SHOWN[dashboard.uid] ?? {}).sort(), titles.sort());
    });
});

for (const { title, program, tools } of PROGRAMS) {
  describeWith(tools, `the dashboards, asked of a real Prometheus: ${title}`, () => {
    let prometheus: Prometheus;
    before(async () => {
      prometheus = await startPrometheus(program, folder, await recording(), 1.5 * STEP);
    });
    after(() => prometheus.stop());

    const answerTo = (question: PanelQuery, chosen: Chosen, scene: string) =>
      ask(prometheus, question, chosen, instantOf(scene));

    const isEmpty = async (panel: Panel, cluster: string, scene: string): Promise<boolean> => {
      const answers = await Promise.all(
        questionsOn(panel).map((question) => answerTo(question, { cluster, node: 'node-1' }, scene)),
      );
      return answers.every((answer) => numbersOf(answer).length === 0);
    };

    /** A panel that the mode alone leaves empty names the option that does it. */
    const explains = async (panel: Panel, cluster: string, scene: string): Promise<boolean> => {
      if (!(await isEmpty(panel, cluster, scene))) return true;
      const words = panel.fieldConfig?.defaults.noValue ?? '';
      const isByMode = !(await isEmpty(panel, CLUSTERS.all, scene));
      return isByMode ? words.includes('--metrics.per-token') : words !== '';
    };

    const rowsOf = async (question: PanelQuery, scene: string): Promise<readonly Series[]> =>
      (await answerTo(question, EVERYWHERE, scene)).data?.result ?? [];

    for (const dashboard of DASHBOARDS)
      for (const panel of shownPanels(dashboard)) {
        const shown = SHOWN[dashboard.uid]?.[panel.title];
        it(`${dashboard.uid} / ${panel.title} shows data: ${shown?.scene}`, async () => {
          assert.ok(shown);
          const [first, ...others] = questionsOn(panel);
          assert.ok(first);
          const answer = await answerTo(first, ALL, shown.scene);
          assert.ok(shows(answer, shown), JSON.stringify(answer).slice(0, 2_000));
          for (const other of others)
            assert.ok(shows(await answerTo(other, ALL, shown.scene), {}), other.where);
          if (shown.scene === 'healthy') return;
          const quiet = await answerTo(first, ALL, 'healthy');
          assert.ok(!shows(quiet, shown), JSON.stringify(quiet).slice(0, 2_000));
        });
      }

    for (const [mode, cluster] of Object.entries({ ...CLUSTERS, any: EVERYWHERE.cluster }))
      for (const scene of ['healthy', 'API server gone', 'burning'])
        it(`answers every question without a doubt: ${scene}, per-token mode ${mode}`, async () => {
          for (const question of QUERIES) {
            const { status, error, warnings, infos } = await answerTo(question, { cluster }, scene);
            const doubts = { status, error, warnings, infos };
            const none = { status: 'success', error: undefined, warnings: undefined, infos: undefined };
            assert.deepEqual(doubts, none, question.where);
          }
        });

    for (const [mode, cluster] of Object.entries(CLUSTERS))
      for (const scene of ['healthy', 'burning'])
        it(`finds no panel empty without a word: ${scene}, per-token mode ${mode}`, async () => {
          for (const panel of DASHBOARDS.flatMap(shownPanels))
            assert.ok(await explains(panel, cluster, scene), panel.title);
        });

    it('makes no forecast from the tokens that fail alone', async () => {
      const forecasts = QUERIES.filter(({ panel }) => /^(Dead|Share dead|Who would)/.test(panel.title));
      assert.equal(forecasts.length, 8);
      for (const question of forecasts)
        assert.deepEqual(
          numbersOf(await answerTo(question, { cluster: CLUSTERS.problems }, 'legacy')),
          [],
          question.where,
        );
    });

    it('has for each row of a table a row in the answer to its first question', async () => {
      const tables = DASHBOARDS.flatMap(shownPanels).filter(({ type }) => type === 'table');
      const pairs = tables.flatMap((panel) => {
        const [first, ...others] = questionsOn(panel);
        return others.map((other) => ({ first, other }));
      });
      assert.ok(pairs.length > 0);
      for (const { first, other } of pairs) {
        assert.ok(first);
        const rows = await rowsOf(first, 'burning');
        const strangers = (await rowsOf(other, 'burning')).filter((row) => !isPartOf(row, rows));
        assert.deepEqual(strangers, [], other.where);
      }
    });

    it('knows what to choose from, and the alerts that fired', async () => {
      const choices = DASHBOARDS.flatMap(({ uid, templating, annotations }) =>
        [
          ...templating.list.flatMap((variable) => labelValuesOf(variable)?.selector ?? []),
          ...annotations.list.flatMap(({ expr }) => expr ?? []),
        ].map((selector) => fillIn(selector, uid, EVERYWHERE)),
      );
      assert.ok(choices.length > DASHBOARDS.length);
      for (const selector of choices) {
        const found = await prometheus.query(selector, instantOf('burning'));
        assert.ok(numbersOf(found).length > 0, selector);
      }
    });
  });
}
