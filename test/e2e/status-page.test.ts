/**
 * The status page in a real browser: layout, accessibility, filters, and hostile names.
 */
import assert from 'node:assert/strict';
import { after, afterEach, before, it } from 'mocha';
import type { Browser, Locator, Page } from 'playwright-core';
import { RUNBOOKS } from '../../src/core/runbook.ts';
import type { Snapshot } from '../../src/core/snapshot.ts';
import { type Served, serve } from '../support/http.ts';
import { type Program, startProgram } from '../support/program.ts';
import { HOSTILE, snapshot, troubledNode } from '../support/snapshots.ts';
import { describeWith } from '../support/tools.ts';
import {
  collisions,
  hasPaintedOverlap,
  launchBrowser,
  type Opened,
  open,
  overflow,
  type View,
  violations,
} from './support/browser.ts';
import { NODES } from './support/nodes.ts';

const DESK: View = { scheme: 'light', width: 1_200 };
const VIEWS: readonly View[] = (['light', 'dark'] as const).flatMap((scheme) =>
  [1_400, 768, 390].map((width) => ({ scheme, width })),
);

/** Lines of the page, as elements of one line differ in height. Cards stand next to each other, and are reached in turn. */
const FOCUSED = `(() => {
  const { activeElement: focused } = document;
  const within = focused.closest('.cards, form') ?? focused;
  return {
    top: Math.round(within.getBoundingClientRect().top + scrollY),
    outline: getComputedStyle(focused).outlineStyle,
  };
})()`;

/** Puts a broken word and overlapping text into the page, whose policy forbids style attributes. */
const DENSE = `
document.body.innerHTML = '<p>one<p>two<table><th>word';
document.querySelectorAll('p')[1].style.marginTop = '-30px';
document.querySelector('th').style.cssText = 'display:block;padding:0;width:9px;overflow-wrap:anywhere'`;

describeWith(['chromium'], 'the status page in a browser', () => {
  let browser: Browser;
  let served: Served | undefined;
  let opened: Opened | undefined;

  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());
  afterEach(async () => {
    assert.deepEqual(opened?.errors ?? [], []);
    await opened?.close();
    await served?.close();
    opened = undefined;
    served = undefined;
  });

  const show = async (takeSnapshot: () => Snapshot, view = DESK, path = '/'): Promise<Page> => {
    served = await serve({ takeSnapshot });
    opened = await open(browser, served.url + path, view);
    return opened.page;
  };
  /** Clicks what leads to another page, and waits until that is loaded: some of its rows may be missing before. */
  const follow = async (link: Locator): Promise<void> => {
    await Promise.all([link.page().waitForEvent('load'), link.click()]);
  };
  const pods = (page: Page): Promise<readonly string[]> =>
    page.locator('tbody tr:not(.why) td:first-child b').allTextContents();

  for (const [name, takeSnapshot] of Object.entries(NODES))
    for (const view of VIEWS)
      it(`has no axe violations, no overflow and no overlapping text: ${name} node, ${view.scheme}, ${view.width} px`, async () => {
        const page = await show(takeSnapshot, view);
        assert.deepEqual(await violations(page), []);
        assert.equal(await overflow(page), 0);
        assert.deepEqual(await collisions(page), []);
        assert.equal(await hasPaintedOverlap(page), false);
      });

  it('breaks no word in the narrowest table, and stacks its cells in narrower windows', async () => {
    const page = await show(troubledNode, { ...DESK, width: 1_121 });
    const issued = page.locator('tbody tr:first-child td').nth(4);
    assert.equal(await page.getByRole('columnheader', { name: 'Issued' }).isVisible(), true);
    assert.deepEqual(await collisions(page), []);
    const { y } = (await issued.boundingBox()) ?? { y: 0 };
    await page.setViewportSize({ width: 1_119, height: 900 });
    assert.deepEqual(await collisions(page), []);
    assert.ok(((await issued.boundingBox())?.y ?? 0) > y);
  });

  it('is tested with tools that detect violations and overflow', async () => {
    const page = await show(() => snapshot());
    const wide = `<img src='data:,'><pre>${'x'.repeat(9_000)}</pre>`;
    await page.evaluate(`document.body.innerHTML = ${JSON.stringify(wide)}`);
    assert.ok((await violations(page)).some((one) => one.startsWith('image-alt: ')));
    assert.ok((await overflow(page)) > 0);
    await page.evaluate(DENSE);
    assert.deepEqual(await collisions(page), ['broken: word', 'one on two']);
    assert.equal(await hasPaintedOverlap(page), true);
    // The content security policy blocks the image above and logs it to the console.
    assert.match(String(opened?.errors), /Content Security Policy/);
    await opened?.close();
    opened = undefined;
  });

  it('has its own style, which the content security policy allows', async () => {
    const page = await show(() => snapshot(), { ...DESK, scheme: 'dark' });
    const paper = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    assert.equal(paper, 'rgb(20, 23, 26)');
  });

  it('has landmarks and ordered headings', async () => {
    const page = await show(troubledNode);
    for (const role of ['banner', 'main', 'contentinfo', 'search'] as const)
      assert.equal(await page.getByRole(role).count(), 1, role);
    const levels = await page.locator('h1,h2,h3').evaluateAll((all) => all.map(({ nodeName }) => nodeName));
    assert.deepEqual([levels[0], new Set(levels.slice(1))], ['H1', new Set(['H2'])]);
  });

  it('filters by text, problem and state, and clears the filter', async () => {
    const page = await show(troubledNode);
    const all = await pods(page);
    await page.getByLabel('Pod, service account or volume').fill('payments/stale');
    await follow(page.getByRole('button', { name: 'Filter' }));
    assert.deepEqual(await pods(page), ['stale']);
    await follow(page.getByRole('link', { name: 'Show all' }));
    assert.deepEqual(await pods(page), all);
    await page.getByRole('combobox', { name: 'State' }).selectOption('expired');
    await follow(page.getByRole('button', { name: 'Filter' }));
    assert.deepEqual(await pods(page), ['expired']);
    await follow(page.getByRole('link', { name: 'legacy_token' }));
    assert.equal((await pods(page)).length, 1);
    assert.match(page.url(), /\?problem=legacy_token$/);
  });

  it('links to the JSON report with the same filter', async () => {
    const page = await show(troubledNode, DESK, '/?q=payments/stale');
    await follow(page.getByRole('link', { name: 'the same tokens as JSON' }));
    const { tokens } = JSON.parse((await page.locator('pre').textContent()) ?? '') as {
      readonly tokens: readonly unknown[];
    };
    assert.equal(tokens.length, 1);
  });

  it('shows the remediation after a click', async () => {
    const page = await show(troubledNode, DESK, '/?state=stale');
    const step = page.locator('.why li').first();
    assert.equal(await step.isVisible(), false);
    await page.locator('.why summary').first().click();
    assert.equal(await step.isVisible(), true);
  });

  it('selects a whole command, and nothing else, with one click', async () => {
    const page = await show(troubledNode, DESK, '/?state=stale');
    await page.locator('.why summary').first().click();
    const command = page.locator('.why code').first();
    await command.click();
    assert.equal(await page.evaluate<string>('getSelection().toString()'), await command.textContent());
  });

  it('prints the remediation, but not the filter', async () => {
    const page = await show(troubledNode, DESK, '/?state=stale');
    await page.emulateMedia({ media: 'print', colorScheme: 'light' });
    assert.equal(await page.locator('.why li').first().isVisible(), true);
    assert.equal(await page.getByRole('search').isVisible(), false);
    assert.deepEqual(await collisions(page), []);
  });

  it('is reached with the Tab key from top to bottom, with a visible focus', async () => {
    const page = await show(troubledNode);
    const reached: { readonly top: number; readonly outline: string }[] = [];
    for (let presses = 0; presses < 40; presses += 1) {
      await page.keyboard.press('Tab');
      reached.push(await page.evaluate(FOCUSED));
    }
    const tops = reached.map(({ top }) => top);
    assert.deepEqual(
      tops,
      tops.toSorted((a, b) => a - b),
    );
    assert.deepEqual(new Set(reached.map(({ outline }) => outline)), new Set(['solid']));
  });

  it('links to the runbook of a problem without a referrer', async () => {
    const page = await show(troubledNode, DESK, '/?state=stale');
    await page.locator('.why summary').first().click();
    await page.route(/\.md$/, (route) => route.fulfill({ body: 'a runbook' }));
    const requested = page.waitForRequest(/\.md$/);
    await page.getByRole('link', { name: 'SATokenStale' }).click();
    const request = await requested;
    assert.equal(request.url(), `${RUNBOOKS}/SATokenStale.md`);
    assert.equal((await request.allHeaders())['referer'], undefined);
  });

  it('has no violations and no overflow with all details open', async () => {
    const page = await show(troubledNode, { ...DESK, width: 390 });
    for (const summary of await page.locator('summary').all()) await summary.click();
    assert.deepEqual(await violations(page), []);
    assert.equal(await overflow(page), 0);
  });

  it('shows a hostile filter in its field and runs no script', async () => {
    const filter = `"><script>document.title='owned'</script>${HOSTILE.replaceAll('\n', ' ')}`;
    const page = await show(troubledNode, DESK, `/?q=${encodeURIComponent(filter)}`);
    assert.equal(await page.getByLabel('Pod, service account or volume').inputValue(), filter);
    assert.equal(await page.title(), 'node-1: ServiceAccount tokens');
    assert.equal(await page.locator('script').count(), 0);
  });

  it('shows a hostile name as text', async () => {
    const page = await show(troubledNode, DESK, '/?q=payments/hostile');
    assert.match((await page.locator('tbody').textContent()) ?? '', /"b" \\ c.*<i>é漢😀<\/i>/s);
    assert.equal(await page.locator('tbody i:text-is("é漢😀")').count(), 0);
  });
});

describeWith(['chromium'], 'the status page of the demo in a browser', () => {
  let demo: Program;
  let browser: Browser;

  before(async () => {
    [demo, browser] = await Promise.all([startProgram('demo'), launchBrowser()]);
  });
  after(async () => {
    await browser.close();
    await demo.stop();
  });

  it('shows the most urgent problem first and has no violations', async () => {
    const { page, errors, close } = await open(browser, demo.url, DESK);
    assert.match((await page.locator('tbody tr').first().textContent()) ?? '', /demo\//);
    assert.equal(await page.locator('tbody tr').first().locator('.bad').count(), 1);
    assert.deepEqual(await violations(page), []);
    assert.deepEqual(errors, []);
    await close();
  });
});
