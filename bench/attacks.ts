/**
 * CPU time of attacks on an exporter with TLS and passwords, relative to scrapes on new connections.
 *
 * That attacks are rejected is tested in test/e2e/attacks.
 */

import type { Attack } from '../test/e2e/attacks/attack.ts';
import { sendAll, type Target } from '../test/e2e/attacks/attacker.ts';
import { ATTACKS } from '../test/e2e/attacks/attacks.ts';
import { createExporter, type Exporter } from '../test/e2e/attacks/stage.ts';
import { basic } from '../test/support/credentials.ts';
import { request } from '../test/support/http.ts';
import { report } from './report.ts';

const SCRAPES = 200;
/** No request may cost more than a scrape. */
const MAX_RATIO = 1;
const MAX_GROWTH = 1.5;

async function scrape(target: Target): Promise<void> {
  const text = request('GET /metrics HTTP/1.1', `Authorization: ${basic('prom')}`);
  for (let scrapes = 0; scrapes < SCRAPES; scrapes += 1) await sendAll(target, [text]);
}

/** Returns CPU milliseconds per request. */
async function costOf(exporter: Exporter, size: number, run: () => Promise<unknown>): Promise<number> {
  const before = exporter.cpuSeconds();
  await run();
  return ((exporter.cpuSeconds() - before) * 1_000) / size;
}

async function benchOne(exporter: Exporter, { it, size, run }: Attack, scrapeMs: number): Promise<boolean> {
  const ms = await costOf(exporter, size, () => run(exporter.main));
  // CPU time is counted in steps of 10 ms, which is too coarse for a few requests.
  const bound = size >= 100 ? { atMost: MAX_RATIO } : {};
  return report({
    what: `CPU time per request, relative to a scrape: ${it} (${size})`,
    value: ms / scrapeMs,
    unit: 'x',
    ...bound,
  });
}

export async function benchAttacks(): Promise<boolean> {
  const exporter = await createExporter();
  try {
    await scrape(exporter.main);
    const scrapeMs = await costOf(exporter, SCRAPES, () => scrape(exporter.main));
    const before = exporter.residentBytes();
    const results = [
      report({
        what: 'CPU time of a scrape on a new connection',
        value: scrapeMs,
        unit: 'ms',
      }),
    ];
    for (const attack of ATTACKS) results.push(await benchOne(exporter, attack, scrapeMs));
    const growth = exporter.residentBytes() / before;
    results.push(
      report({
        what: 'resident memory after all attacks, relative to before',
        value: growth,
        atMost: MAX_GROWTH,
        unit: 'x',
      }),
    );
    return results.every(Boolean);
  } finally {
    await exporter.stop();
  }
}
