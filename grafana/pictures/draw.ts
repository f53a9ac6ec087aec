/**
 * `npm run pictures`: draws every dashboard with Grafana's own libraries, checks what it sees, and writes pictures for
 * the documentation.
 *
 * Install the libraries first, with `npm ci` in this folder: they are not among the packages of the project. With
 * arguments it draws only views with one of them in their names, such as `fleet-burning`, each into
 * the folder `seen` next to this file.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../../test/e2e/support/browser.ts';
import { DASHBOARDS, type Dashboard } from '../../test/grafana/model.ts';
import { type Prometheus, startPrometheus } from '../../test/grafana/prometheus.ts';
import { recordHour } from '../../test/grafana/recording.ts';
import { STEP } from '../../test/grafana/script.ts';
import { bundle } from './bundle.ts';
import { findFaults } from './faults.ts';
import { fingerprint, PICTURES, pictureName } from './pictures.ts';
import { type Drawing, respond } from './responses.ts';
import { SCENES, type SceneName } from './scenes.ts';
import { shoot, type View } from './shoot.ts';

const THEMES = ['dark', 'light'] as const;
const WIDTHS = [1_400, 1_880] as const;
/** Where an additional column has least space. */
const NARROWEST = { theme: 'dark', width: 1_400 } as const;
/** Panels one below the other, with columns that scroll. */
const PHONE = { theme: 'light', width: 390 } as const;
const WANTED = process.argv.slice(2);
const SEEN = new URL('seen/', import.meta.url).pathname;
const IMAGES = new URL('../../docs/images/', import.meta.url).pathname;

function isWanted(name: string): boolean {
  return WANTED.length === 0 || WANTED.some((part) => name.includes(part));
}

interface Studio {
  readonly prometheus: Prometheus;
  readonly browser: Browser;
  /** Of the page that draws. */
  readonly url: string;
}

type Named = View & { readonly name: string; readonly scene: SceneName };

/** The wanted views of a dashboard in a scene. */
function viewsOf({ uid }: Dashboard, scene: SceneName): readonly Named[] {
  const all = THEMES.flatMap((theme) => WIDTHS.map((width) => ({ theme, width })));
  const views = { healthy: all, burning: [...all, PHONE], clusters: [NARROWEST] }[scene];
  const named = views.map((view) => ({ ...view, scene, name: pictureName({ uid, scene, ...view }) }));
  return named.filter(({ name }) => isWanted(name));
}

/** Draws a dashboard in one view, and returns its faults. */
async function draw({ browser, url }: Studio, drawing: Drawing, view: Named): Promise<readonly string[]> {
  const { name, scene } = view;
  const { page, errors, close } = await shoot(browser, url, drawing, view);
  const isPicture = PICTURES.some((picture) => pictureName(picture) === name);
  if (isPicture) await page.screenshot({ path: join(IMAGES, name) });
  if (WANTED.length > 0) await page.screenshot({ path: join(SEEN, name) });
  const faults = [...errors, ...(await findFaults(page, scene))];
  await close();
  process.stdout.write(`${name}: ${faults.length === 0 ? 'ok' : `${faults.length} faults`}\n`);
  return faults.map((fault) => `${name}: ${fault}`);
}

async function drawAll(studio: Studio): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const dashboard of DASHBOARDS)
    for (const scene of Object.keys(SCENES) as readonly SceneName[]) {
      const views = viewsOf(dashboard, scene);
      if (views.length === 0) continue;
      const drawing = await respond(studio.prometheus, dashboard, SCENES[scene]);
      faults.push(...(await Promise.all(views.map((view) => draw(studio, drawing, view)))).flat());
    }
  return faults;
}

const folder = mkdtempSync(join(tmpdir(), 'satoken-pictures-'));
const data = join(folder, 'data');
await recordHour(folder, data);
const prometheus = await startPrometheus('prometheus', folder, data, 1.5 * STEP);
const browser = await launchBrowser();
try {
  const faults = await drawAll({ prometheus, browser, url: await bundle(folder) });
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  if (faults.length > 0) process.exitCode = 1;
  else if (PICTURES.map(pictureName).every(isWanted))
    writeFileSync(join(IMAGES, 'dashboards.sha256'), `${fingerprint(DASHBOARDS)}\n`);
} finally {
  await browser.close();
  await prometheus.stop();
  rmSync(folder, { recursive: true });
}
