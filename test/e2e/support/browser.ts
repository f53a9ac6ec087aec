/**
 * A real browser, with the errors, the overflow and the axe violations of a page.
 */
import axe from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';

/** The browser makes no requests other than those of the page. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface View {
  readonly scheme: 'light' | 'dark';
  readonly width: number;
}

export interface Opened {
  readonly page: Page;
  /** Console messages, page errors and failed requests so far. */
  readonly errors: readonly string[];
  readonly close: () => Promise<void>;
}

/** Starts a browser with a temporary profile. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
}

export async function open(browser: Browser, url: string, { scheme, width }: View): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('console', (message) => errors.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('requestfailed', (request) => errors.push(`failed: ${request.url()}`));
  await page.goto(url);
  return { page, errors, close: () => context.close() };
}

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

/** Returns the violations that axe finds, of all rules or of some. Playwright runs it despite the content security policy of the page. */
export async function violations(page: Page, rules?: readonly string[]): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const options = rules === undefined ? {} : { runOnly: rules };
  const found = await page.evaluate<readonly Violation[]>(
    `axe.run(document, ${JSON.stringify(options)}).then(({ violations }) => violations)`,
  );
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary = '' }) => `${id}: ${html} ${failureSummary}`),
  );
}

/** Returns the width of the page beyond the window, in pixels. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate<number>('document.documentElement.scrollWidth - window.innerWidth');
}

/** Runs in the page: overlapping text, and broken words of headers and of reasons. */
const COLLISIONS = `(() => {
  const boxes = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const rectsOf = (node, from, to) => {
    const range = document.createRange();
    range.setStart(node, from);
    range.setEnd(node, to);
    return [...range.getClientRects()].filter(({ width, height }) => width > 1 && height > 1);
  };
  const broken = [];
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const isClipped = node.parentElement.closest('thead')?.getBoundingClientRect().width <= 1;
    if (isClipped || !node.parentElement.checkVisibility()) continue;
    for (const { left, right, top, bottom } of rectsOf(node, 0, node.data.length))
      boxes.push({ text: node.data, left, right, top, bottom });
    if (!node.parentElement.matches('th, td:nth-child(2) *')) continue;
    for (const { 0: word, index } of node.data.matchAll(/\\S+/g))
      if (rectsOf(node, index, index + word.length).length > 1) broken.push('broken: ' + word);
  }
  const onEachOther = (a, b) =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3;
  const pairs = boxes.flatMap((a, index) =>
    boxes.slice(index + 1).filter((b) => onEachOther(a, b)).map((b) => a.text + ' on ' + b.text),
  );
  return [...broken, ...pairs];
})()`;

/** Makes all text half transparent and everything else white: pixels are darker than one text makes them only where two overlap. */
const HALF_INK = `(() => {
  const sheet = document.styleSheets[0] ?? document.head.appendChild(document.createElement('style')).sheet;
  const rule = (text) => sheet.insertRule(text, sheet.cssRules.length);
  rule('*,*::before,*::after,*::marker{color:rgba(0,0,0,.5)!important;background:#fff!important;border-color:transparent!important;text-decoration:none!important}');
  rule('meter,input,select,button{visibility:hidden!important}');
})()`;

/** Overlapping glyphs of one word, such as those of a ligature, darken fewer pixels. */
const MAX_DARK_PIXELS = 12;

/** Runs in the page: counts the pixels of a PNG in base64 that are darker than text that is half transparent. */
const DARK_PIXELS = `async (png) => {
  const bytes = Uint8Array.from(atob(png), (byte) => byte.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes]));
  const canvas = new OffscreenCanvas(image.width, image.height).getContext('2d');
  canvas.drawImage(image, 0, 0);
  const { data } = canvas.getImageData(0, 0, image.width, image.height);
  let dark = 0;
  for (let at = 0; at < data.length; at += 4) if (data[at] < 110) dark += 1;
  return dark;
}`;

/** Returns whether text is painted on other text. Changes the style of the page. */
export async function hasPaintedOverlap(page: Page): Promise<boolean> {
  await page.evaluate(HALF_INK);
  const png = (await page.screenshot({ fullPage: true })).toString('base64');
  return (await page.evaluate<number>(`(${DARK_PIXELS})(${JSON.stringify(png)})`)) > MAX_DARK_PIXELS;
}

/** Returns the overlapping text, and the words of table headers and of reasons that are broken. */
export function collisions(page: Page): Promise<readonly string[]> {
  return page.evaluate<readonly string[]>(COLLISIONS);
}
