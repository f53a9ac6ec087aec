/**
 * What attacks on a guarded server cost it, beside honest scrapes over connections of their own, in the processor's time.
 *
 * Whether they are refused is a test: test/e2e/attacks.
 */
import { sendAll, type Target } from '../test/e2e/attacks/attacker.ts';
import { ATTACKS, type Attack } from '../test/e2e/attacks/attacks.ts';
import { createExporter, type Exporter } from '../test/e2e/attacks/stage.ts';
import { basic } from '../test/support/credentials.ts';
import { request } from '../test/support/http.ts';
import { report } from './report.ts';

const SCRAPES = 200;
/** No single request is to cost more than a scrape does, by whomever it is sent. */
const MAX_SHARE = 1;
const MAX_GROWTH = 1.5;

async function scrape(target: Target): Promise<void> {
  const text = request('GET /metrics HTTP/1.1', `Authorization: ${basic('prom')}`);
  for (let scrapes = 0; scrapes < SCRAPES; scrapes += 1) await sendAll(target, [text]);
}

/** Milliseconds of the processor that each of `size` takes. */
async function costOf(exporter: Exporter, size: number, run: () => Promise<unknown>): Promise<number> {
  const before = exporter.cpuSeconds();
  await run();
  return ((exporter.cpuSeconds() - before) * 1_000) / size;
}

async function benchOne(exporter: Exporter, { it, size, run }: Attack, scrapeMs: number): Promise<boolean> {
  const ms = await costOf(exporter, size, () => run(exporter.main));
  // The tick of that clock is 10 ms: of a few requests it says nothing.
  const bound = size >= 100 ? { atMost: MAX_SHARE } : {};
  return report({
    what: `scrapes' worth of each of ${size}: ${it}`,
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
    const kept = [
      report({
        what: 'a scrape over a connection of its own, of the processor',
        value: scrapeMs,
        unit: 'ms',
      }),
    ];
    for (const attack of ATTACKS) kept.push(await benchOne(exporter, attack, scrapeMs));
    const growth = exporter.residentBytes() / before;
    kept.push(
      report({
        what: 'memory after all of them, against before',
        value: growth,
        atMost: MAX_GROWTH,
        unit: 'x',
      }),
    );
    return kept.every(Boolean);
  } finally {
    await exporter.stop();
  }
}
