/**
 * Opens a drawn dashboard in Chromium, as high as its content.
 */
import type { Browser, Page } from 'playwright-core';
import type { Drawing } from './responses.ts';

export interface View {
  readonly theme: 'dark' | 'light';
  readonly width: number;
}

export interface Drawn {
  readonly page: Page;
  /** Errors and warnings on the console, and exceptions. */
  readonly errors: readonly string[];
  readonly close: () => Promise<void>;
}

/** Grafana's libraries ask for fonts and icons of a Grafana server. */
const EXPECTED = /ERR_FILE_NOT_FOUND|ERR_FAILED|\/img\/icons\//;

/** On a busy machine, several pages are drawn at once. */
const TIMEOUT = 600_000;

function collectErrors(page: Page): readonly string[] {
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    const text = message.text();
    const isProblem = message.type() === 'error' || message.type() === 'warning';
    if (isProblem && !EXPECTED.test(text)) errors.push(text);
  });
  return errors;
}

export async function shoot(browser: Browser, url: string, drawing: Drawing, view: View): Promise<Drawn> {
  const { theme, width } = view;
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: theme });
  const page = await context.newPage();
  const errors = collectErrors(page);
  await page.addInitScript({ content: `window.drawing = ${JSON.stringify({ ...drawing, theme, width })}` });
  page.setDefaultTimeout(TIMEOUT);
  await page.goto(url);
  await page.waitForSelector('#root[data-is-drawn]', { state: 'attached' });
  const height = await page.evaluate<number>('document.querySelector("#root > div").scrollHeight');
  await page.setViewportSize({ width, height });
  // Two frames: Grafana lays out tables again if the window changes.
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
  return { page, errors, close: () => context.close() };
}
