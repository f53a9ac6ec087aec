/**
 * What must not be seen on a drawn dashboard.
 */
import type { Page } from 'playwright-core';
import { violations } from '../../test/e2e/support/browser.ts';
import type { SceneName } from './scenes.ts';

/** Runs in the page. */
const SCRIPT = `(() => {
  const faults = [];
  for (const panel of document.querySelectorAll('[data-panel]')) {
    const { panel: title, type, empty } = panel.dataset;
    const report = (fault) => faults.push(title + ': ' + fault);
    const heading = panel.querySelector('h2, h6, [title]');
    for (const one of panel.querySelectorAll('h2, h6')) if (one.scrollWidth > one.clientWidth) report('the title is cut');
    if (heading === null) report('has no title');
    const looks = [...panel.querySelectorAll('[data-testid=series-icon]')].map((icon) => icon.getAttribute('style'));
    if (new Set(looks).size < looks.length) report('two lines look the same');
    const grid = panel.querySelector('[role=grid]');
    const isNarrow = innerWidth < 1_400;
    if (!isNarrow && grid !== null && grid.scrollWidth > grid.clientWidth + 1) report('columns are out of sight');
    for (const one of panel.querySelectorAll('[role=columnheader] *, [role=gridcell]'))
      if (!isNarrow && one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0) report(one.textContent + ' is cut');
    const cells = [...panel.querySelectorAll('[role=gridcell]')].map((cell) => cell.textContent);
    if (empty !== '' && cells.includes(empty)) report('a cell has the message of an empty panel');
    const body = panel.querySelector('[data-is-empty]');
    if (body !== null && body.textContent === 'No data') report('does not say why it is empty');
    const isDrawn = body !== null || cells.length > 0 || panel.querySelector('canvas, rect, span') !== null;
    if (!isDrawn) report('shows nothing');
    if (panel.textContent.includes('NaN') || panel.textContent.includes('undefined')) report('shows no value');
  }
  return faults;
})()`;

/** What has ended while everything else burns. */
const NOT_BURNING = ['Outdated data'];

/** Runs in the page: the titles of panels without data. */
const EMPTY = `[...document.querySelectorAll('[data-panel]:has([data-is-empty])')].map((one) => one.dataset.panel)`;

export async function findFaults(page: Page, scene: SceneName): Promise<readonly string[]> {
  const found = await page.evaluate<readonly string[]>(SCRIPT);
  const empty = scene === 'burning' ? await page.evaluate<readonly string[]>(EMPTY) : [];
  const missing = empty.filter((title) => !NOT_BURNING.includes(title)).map((title) => `${title}: is empty`);
  return [...found, ...missing, ...(await violations(page, ['color-contrast']))];
}
