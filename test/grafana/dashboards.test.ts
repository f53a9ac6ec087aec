/**
 * The dashboard files: current, valid for Grafana's file provisioning, with a correct layout, links and colors.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { DASHBOARDS as MADE, print } from '../../grafana/dashboards.ts';
import { COLORS } from '../../grafana/parts/colors.ts';
import { assertCurrent } from '../support/generated.ts';
import { contrast, distance, textOn, VISIONS } from './color-vision.ts';
import { DASHBOARDS, type Dashboard, FOLDER, type Panel, queriesOf, shownPanels } from './model.ts';

const RUNBOOKS = new URL('../../docs/runbooks/', import.meta.url).pathname;
const COLUMNS = 24;
/** In pixels: the window, the space around it and between panels, and the padding of a panel on both sides. */
const WINDOW = { width: 1_400, margin: 8, padding: 18 };
/** In pixels, in titles of panels; and the icon with the description. */
const WIDEST_CHARACTER = 8;
const ICON = 24;
/** Variables and macros of Grafana. */
const BUILT_IN = ['__all', '__rate_interval', '__range', '__url_time_range', '__data', '__value'];

function textOf({ uid }: Dashboard): string {
  return readFileSync(join(FOLDER, `${uid}.json`), 'utf8');
}

/** All links in table cells of the dashboard. */
function cellLinks(dashboard: Dashboard): readonly string[] {
  const properties = shownPanels(dashboard).flatMap(
    ({ fieldConfig }) => fieldConfig?.overrides.flatMap((override) => override.properties) ?? [],
  );
  const links = properties.filter(({ id }) => id === 'links').flatMap(({ value }) => value);
  return (links as readonly { readonly url: string }[]).map(({ url }) => url);
}

/** The width inside a panel, in pixels. */
function contentWidth(columns: number): number {
  const { width, margin, padding } = WINDOW;
  return (columns * (width - 2 * margin)) / COLUMNS - margin - padding;
}

function overlap({ gridPos: a }: Panel, { gridPos: b }: Panel): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

describe('the dashboards', () => {
  it('keep their UIDs, which links contain', () => {
    const uids = DASHBOARDS.map(({ uid }) => uid);
    assert.deepEqual(uids, [
      'satoken-exporter',
      'satoken-fleet',
      'satoken-node',
      'satoken-reads',
      'satoken-workload',
    ]);
  });

  it('are the only files in their folder', () => {
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

    it('is classic JSON for file provisioning', () => {
      const { schemaVersion, editable } = dashboard;
      assert.ok(schemaVersion >= 39 && schemaVersion <= 42);
      assert.equal(editable, false);
      for (const key of ['id', 'apiVersion', 'spec', 'elements', '__inputs', '__requires'])
        assert.ok(!(key in dashboard), key);
    });

    it('links to the other dashboards and keeps the selection', () => {
      const [link] = dashboard.links;
      const { type, tags, asDropdown, keepTime, includeVars } = link ?? {};
      const is = { type, tags, asDropdown, keepTime, includeVars };
      const should = { type: 'dashboards', asDropdown: true, keepTime: true, includeVars: true };
      assert.deepEqual(is, { ...should, tags: ['sa-token-exporter'] });
      assert.deepEqual(dashboard.tags, ['sa-token-exporter']);
    });

    it('selects a cluster, and works without a cluster label', () => {
      const cluster = dashboard.templating.list.find(({ name }) => name === 'cluster');
      const { allValue, includeAll, refresh } = cluster ?? {};
      assert.deepEqual({ allValue, includeAll, refresh }, { allValue: '.*', includeAll: true, refresh: 2 });
    });

    it('uses every variable that it has, and has every variable that it uses', () => {
      const names = dashboard.templating.list.map(({ name }) => name);
      const used = [...textOf(dashboard).matchAll(/\$\{?([a-z_]\w*)/g)].map(([, name = '']) => name);
      const unknown = used.filter((name) => !names.includes(name) && !BUILT_IN.includes(name));
      assert.deepEqual(unknown, []);
      assert.deepEqual(
        names.filter((name) => !used.includes(name)),
        [],
      );
    });

    it('numbers panels and queries', () => {
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

    it('has unique panel titles', () => {
      assert.equal(new Set(panels.map(({ title }) => title)).size, panels.length);
    });

    it('runs each query either as instant or as range query', () => {
      for (const { where, target } of queriesOf(dashboard))
        assert.notEqual(target.instant, target.range, where);
    });

    it('places panels without overlaps or gaps', () => {
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

    it('uses only colors of the palette', () => {
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

    it('gives each line of a graph a style of its own', () => {
      for (const { title, type, targets = [], fieldConfig } of panels) {
        if (type !== 'timeseries') continue;
        const overrides = fieldConfig?.overrides ?? [];
        const styles = overrides.map(({ properties }) => JSON.stringify(properties));
        assert.equal(new Set(styles).size, styles.length, title);
        const isSingle = targets.length === 1 && targets[0]?.legendFormat?.includes('{{') === false;
        assert.ok(isSingle || overrides.length >= targets.length, title);
        assert.ok(isSingle || overrides.length > 1, title);
      }
    });

    it('has titles that fit into their panels', () => {
      for (const { title, gridPos } of panels)
        assert.ok(title.length * WIDEST_CHARACTER + ICON <= contentWidth(gridPos.w), title);
    });

    it('has tables whose columns all fit into a window of 1,400 pixels', () => {
      const tables = panels.filter(({ type }) => type === 'table');
      for (const { title, gridPos, fieldConfig } of tables) {
        const columns = (fieldConfig?.overrides ?? []).filter(
          ({ properties }) => !properties.some(({ id }) => id === 'custom.hidden'),
        );
        const widths = columns.map(({ properties }) =>
          Number(properties.find(({ id }) => /^custom\.(minW|w)idth$/.test(id))?.value),
        );
        const width = widths.reduce((sum, one) => sum + one, 0);
        assert.ok(width <= contentWidth(gridPos.w), `${title}: ${width} of ${contentWidth(gridPos.w)}`);
      }
    });

    it('links cells to existing dashboards and variables', () => {
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

describe('the links in the dashboards', () => {
  const all = DASHBOARDS.flatMap(cellLinks);

  it('lead only to dashboards and runbooks', () => {
    assert.ok(all.some((url) => url.startsWith('/d/')));
    assert.deepEqual(
      all.filter((url) => !/^\/d\/|\/docs\/runbooks\/\$\{__value\.\w+\}\.md$/.test(url)),
      [],
    );
  });

  it('lead to existing runbooks', () => {
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

describe('the palette', () => {
  const pairs = Object.values(COLORS).flatMap((a, index, all) =>
    all.slice(index + 1).map((b) => [a, b] as const),
  );

  for (const vision of VISIONS)
    it(`has distinct colors for ${vision}`, () => {
      assert.deepEqual(
        pairs.filter(([a, b]) => distance(a, b, vision) < 15),
        [],
      );
    });

  it('is legible under the text that Grafana writes on it', () => {
    for (const color of Object.values(COLORS))
      assert.ok(contrast(color, textOn(color)) >= 4.5, `${color}: ${contrast(color, textOn(color))}`);
  });

  it("differs from Grafana's default red and green, which look alike with deuteranopia", () => {
    assert.ok(distance('#F2495C', '#73BF69', 'normal vision') > 100);
    assert.ok(distance('#F2495C', '#73BF69', 'deuteranopia') < 10);
  });
});
