/**
 * What must not be seen on a drawn dashboard.
 */
import type { Page } from 'playwright-core';
import { violations } from '../../test/e2e/support/browser.ts';

/** Runs in the page. */
const SCRIPT = `(() => {
  const faults = [];
  for (const panel of document.querySelectorAll('[data-panel]')) {
    const { panel: title, type, empty } = panel.dataset;
    const report = (fault) => faults.push(title + ': ' + fault);
    const heading = panel.querySelector('h2, h6, [title]');
    for (const one of panel.querySelectorAll('h2, h6')) if (one.scrollWidth > one.clientWidth) report('the title is cut');
    if (heading === null) report('has no title');
    const grid = panel.querySelector('[role=grid]');
    if (grid !== null && grid.scrollWidth > grid.clientWidth + 1) report('columns are out of sight');
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

export async function findFaults(page: Page): Promise<readonly string[]> {
  const found = await page.evaluate<readonly string[]>(SCRIPT);
  return [...found, ...(await violations(page, ['color-contrast']))];
}
