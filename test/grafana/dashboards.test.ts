/**
 * The dashboards as files: current, of the form that Grafana's file provisioning takes, and laid out without a flaw.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { DASHBOARDS as MADE, print } from '../../grafana/dashboards.ts';
import { COLORS } from '../../grafana/parts/colors.ts';
import { assertCurrent } from '../support/generated.ts';
import { distance, KINDS_OF_SIGHT } from './colour-blindness.ts';
import { DASHBOARDS, type Dashboard, FOLDER, type Panel, queriesOf, shownPanels } from './model.ts';

const RUNBOOKS = new URL('../../docs/runbooks/', import.meta.url).pathname;
const COLUMNS = 24;
/** Grafana's own variables and macros. */
const BUILT_IN = ['__all', '__rate_interval', '__range', '__url_time_range', '__data', '__value'];

function textOf({ uid }: Dashboard): string {
  return readFileSync(join(FOLDER, `${uid}.json`), 'utf8');
}

/** Every link that a cell of the dashboard has. */
function cellLinks(dashboard: Dashboard): readonly string[] {
  const properties = shownPanels(dashboard).flatMap(
    ({ fieldConfig }) => fieldConfig?.overrides.flatMap((override) => override.properties) ?? [],
  );
  const links = properties.filter(({ id }) => id === 'links').flatMap(({ value }) => value);
  return (links as readonly { readonly url: string }[]).map(({ url }) => url);
}

function overlap({ gridPos: a }: Panel, { gridPos: b }: Panel): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

describe('the dashboards', () => {
  it('have uids that never change, since links lead to them', () => {
    const uids = DASHBOARDS.map(({ uid }) => uid);
    assert.deepEqual(uids, ['satoken-exporter', 'satoken-fleet', 'satoken-node', 'satoken-workload']);
  });

  it('are all that lies in their folder', () => {
    const names = MADE.map(({ uid }) => `${uid}.json`).sort();
    assert.deepEqual(readdirSync(FOLDER).sort(), names);
  });

  for (const made of MADE)
    it(`${made.uid} is current`, () => {
      const file = `${made.uid}.json`;
      assertCurrent(`grafana/dashboards/${file}`, readFileSync(join(FOLDER, file), 'utf8'), print(made));
    });
});

for (const dashboard of DASHBOARDS)
  describe(`the dashboard ${dashboard.uid}`, () => {
    const panels = shownPanels(dashboard);

    it('is classic JSON that can be provisioned from a file', () => {
      const { schemaVersion, editable } = dashboard;
      assert.ok(schemaVersion >= 39 && schemaVersion <= 42);
      assert.equal(editable, false);
      for (const key of ['id', 'apiVersion', 'spec', 'elements', '__inputs', '__requires'])
        assert.ok(!(key in dashboard), key);
    });

    it('leads to its sisters, with what was chosen', () => {
      const [link] = dashboard.links;
      const { type, tags, asDropdown, keepTime, includeVars } = link ?? {};
      const is = { type, tags, asDropdown, keepTime, includeVars };
      const should = { type: 'dashboards', asDropdown: true, keepTime: true, includeVars: true };
      assert.deepEqual(is, { ...should, tags: ['sa-token-exporter'] });
      assert.deepEqual(dashboard.tags, ['sa-token-exporter']);
    });

    it('chooses among clusters, or works where there is no such label', () => {
      const cluster = dashboard.templating.list.find(({ name }) => name === 'cluster');
      const { allValue, includeAll, refresh } = cluster ?? {};
      assert.deepEqual({ allValue, includeAll, refresh }, { allValue: '.*', includeAll: true, refresh: 2 });
    });

    it('uses every variable it has, and has every variable it uses', () => {
      const names = dashboard.templating.list.map(({ name }) => name);
      const used = [...textOf(dashboard).matchAll(/\$\{?([a-z_]\w*)/g)].map(([, name = '']) => name);
      const strangers = used.filter((name) => !names.includes(name) && !BUILT_IN.includes(name));
      assert.deepEqual(strangers, []);
      assert.deepEqual(
        names.filter((name) => !used.includes(name)),
        [],
      );
    });

    it('numbers panels and questions', () => {
      const ids = dashboard.panels.map(({ id }) => id);
      assert.deepEqual(
        ids,
        ids.map((_id, index) => index + 1),
      );
      for (const { title, targets = [] } of panels) {
        const refIds = targets.map(({ refId }) => refId).join('');
        assert.equal(refIds, 'ABCDEFGH'.slice(0, targets.length), title);
      }
    });

    it('gives every panel a title of its own', () => {
      assert.equal(new Set(panels.map(({ title }) => title)).size, panels.length);
    });

    it('asks for now or for the chosen time, never both', () => {
      for (const { where, target } of queriesOf(dashboard))
        assert.notEqual(target.instant, target.range, where);
    });

    it('lays panels side by side, without overlap or hole', () => {
      const all = dashboard.panels;
      const overlaps = all.flatMap((a, index) => all.slice(index + 1).filter((b) => overlap(a, b)));
      assert.deepEqual(overlaps, []);
      for (const { title, gridPos } of all) {
        assert.ok(gridPos.x >= 0 && gridPos.x + gridPos.w <= COLUMNS, title);
        assert.ok(Number.isInteger(gridPos.w) && gridPos.w > 0, title);
      }
      const area = all.reduce((sum, { gridPos }) => sum + gridPos.w * gridPos.h, 0);
      const bottom = Math.max(...all.map(({ gridPos }) => gridPos.y + gridPos.h));
      assert.equal(area, COLUMNS * bottom);
    });

    it('uses colours of the palette alone', () => {
      const text = textOf(dashboard);
      const named = [...text.matchAll(/"(?:color|fixedColor|iconColor)": "([^"]+)"/g)];
      const palette: readonly string[] = Object.values(COLORS);
      assert.ok(named.length > 0);
      assert.deepEqual(
        named.map(([, color = '']) => color).filter((color) => !palette.includes(color)),
        [],
      );
      assert.doesNotMatch(text, /"mode": "(palette|continuous)-/);
    });

    it('links cells to dashboards and variables that are there', () => {
      const own = cellLinks(dashboard).filter((url) => url.startsWith('/d/'));
      for (const url of own) {
        const [, uid, query = ''] = /^\/d\/([^?]+)\?(.*)$/.exec(url) ?? [];
        const target = DASHBOARDS.find((one) => one.uid === uid);
        assert.ok(target, url);
        const names = target.templating.list.map(({ name }) => name);
        for (const [, name = ''] of query.matchAll(/var-(\w+)=/g)) assert.ok(names.includes(name), url);
      }
    });
  });

describe('links of the dashboards', () => {
  const all = DASHBOARDS.flatMap(cellLinks);

  it('lead to dashboards and to runbooks', () => {
    assert.ok(all.some((url) => url.startsWith('/d/')));
    assert.deepEqual(
      all.filter((url) => !/^\/d\/|\/docs\/runbooks\/\$\{__value\.\w+\}\.md$/.test(url)),
      [],
    );
  });

  it('lead to runbooks that are there', () => {
    const words = DASHBOARDS.map(textOf)
      .join('')
      .matchAll(/"text": "(SAToken\w+)"/g);
    const names = new Set([...words].map(([, name = '']) => name));
    assert.ok(names.size > 0);
    assert.deepEqual(
      [...names].filter((name) => !existsSync(join(RUNBOOKS, `${name}.md`))),
      [],
    );
  });
});

describe('the colours', () => {
  const pairs = Object.values(COLORS).flatMap((a, index, all) =>
    all.slice(index + 1).map((b) => [a, b] as const),
  );

  for (const sight of KINDS_OF_SIGHT)
    it(`can be told apart with ${sight}`, () => {
      assert.deepEqual(
        pairs.filter(([a, b]) => distance(a, b, sight) < 15),
        [],
      );
    });

  it("Grafana's usual red and green cannot", () => {
    assert.ok(distance('#F2495C', '#73BF69', 'all cones') > 100);
    assert.ok(distance('#F2495C', '#73BF69', 'deuteranopia') < 10);
  });
});
