/**
 * `npm run screenshots`: renders the pictures of the status page for docs/status-page.md with Chromium.
 *
 * Look at them before you commit them: no test checks whether the page is readable.
 */
import type { Snapshot } from '../src/core/snapshot.ts';
import { launchBrowser, open, type View } from '../test/e2e/support/browser.ts';
import { serve } from '../test/support/http.ts';
import { startProgram } from '../test/support/program.ts';
import { snapshot } from '../test/support/snapshots.ts';
import { NOW, token } from '../test/support/tokens.ts';

const DESK: View = { scheme: 'light', width: 1_200 };
const PHONE: View = { scheme: 'dark', width: 390 };

const browser = await launchBrowser();

async function shoot(name: string, url: string, view: View, height: number): Promise<void> {
  const { page, close } = await open(browser, url, view);
  const path = new URL(`images/${name}.png`, import.meta.url).pathname;
  const clip = { x: 0, y: 0, width: view.width, height };
  await page.screenshot({ path, fullPage: true, clip });
  process.stdout.write(`${path}\n`);
  await close();
}

async function shootSnapshot(name: string, of: Snapshot, height: number): Promise<void> {
  const served = await serve({ takeSnapshot: () => of });
  await shoot(name, served.url, DESK, height);
  await served.close();
}

/** Twelve replicas whose tokens were issued one after the other. */
function healthy(): Snapshot {
  const tokens = Array.from({ length: 12 }, (_, index) => {
    const pod = { name: `api-${index}`, uid: `uid-${index}` };
    const issuedAt = NOW - index * 220;
    return token({
      claims: { pod, issuedAt, notBefore: issuedAt, expiresAt: issuedAt + 3_600 },
      identity: { podUid: pod.uid },
    });
  });
  return snapshot({ tokens });
}

await shootSnapshot('page-healthy', healthy(), 600);
await shootSnapshot('page-empty', snapshot({ tokens: [] }), 400);
const demo = await startProgram('demo');
await shoot('page-burning', `${demo.url}/`, DESK, 1_700);
await shoot('page-phone', `${demo.url}/?q=payments`, PHONE, 2_100);
await demo.stop();
await browser.close();
