/**
 * The pictures in the documentation show the dashboards as they are.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { fingerprint, PICTURES, pictureName } from '../../grafana/pictures/pictures.ts';
import { DASHBOARDS, type Dashboard } from './model.ts';

const DOCS = new URL('../../docs/', import.meta.url).pathname;

function changed(change: (panel: Dashboard['panels'][number]) => object): readonly Dashboard[] {
  return DASHBOARDS.map((dashboard) => ({
    ...dashboard,
    panels: dashboard.panels.map((panel) => ({ ...panel, ...change(panel) })),
  }));
}

describe('the pictures of the dashboards', () => {
  it('were drawn from the dashboards as they are now', () => {
    const drawn = readFileSync(`${DOCS}images/dashboards.sha256`, 'utf8').trim();
    assert.equal(drawn, fingerprint(DASHBOARDS), 'run npm run pictures, and look at the pictures');
  });

  it('are all there, and no other', () => {
    const files = globSync('dashboard-*.png', { cwd: `${DOCS}images` });
    assert.deepEqual(files.sort(), PICTURES.map(pictureName).sort());
  });

  it('are all in the documentation', () => {
    const text = readFileSync(`${DOCS}dashboards.md`, 'utf8');
    for (const picture of PICTURES) assert.ok(text.includes(`(images/${pictureName(picture)})`));
  });

  for (const [what, change] of [
    ['a title', () => ({ title: 'Other' })],
    ['a position', ({ gridPos }) => ({ gridPos: { ...gridPos, h: gridPos.h + 1 } })],
    ['a query', ({ targets = [] }) => ({ targets: targets.map((target) => ({ ...target, expr: 'up' })) })],
    ['a unit', () => ({ fieldConfig: { defaults: { unit: 'h' }, overrides: [] } })],
  ] satisfies [string, Parameters<typeof changed>[0]][])
    it(`must be drawn again after a change of ${what}`, () =>
      assert.notEqual(fingerprint(changed(change)), fingerprint(DASHBOARDS)));

  it('need not be drawn again after a change of descriptions', () =>
    assert.equal(fingerprint(changed(() => ({ description: 'Other' }))), fingerprint(DASHBOARDS)));
});
