/**
 * Cost of the status page of 1,000 tokens, relative to a scrape, and its size with healthy and with failing tokens.
 */
import { NO_FACTS } from '../src/core/facts.ts';
import { RUNBOOKS } from '../src/core/runbook.ts';
import { createTakeSnapshot, type Snapshot } from '../src/core/snapshot.ts';
import { createBufferPool } from '../src/metrics/buffer-pool.ts';
import { createListFamilies } from '../src/metrics/families.ts';
import { createPrint } from '../src/metrics/text.ts';
import { NO_FILTER } from '../src/web/page/filter.ts';
import { atOnce } from '../src/web/page/slices.ts';
import { statusPage } from '../src/web/page/status-page.ts';
import { compare } from './measure.ts';
import type { BenchNode } from './node.ts';
import { report } from './report.ts';
import { createSource } from './scan.ts';

const MAX_KILOBYTES = 360;
/** By then, every token has expired. */
const EXPIRED = 400 * 86_400;

function printPage(snapshot: Snapshot): Buffer {
  const page = { node: 'node-1', version: '1.2.3', telemetryPath: '/metrics', filter: NO_FILTER };
  return Buffer.from(atOnce(statusPage({ ...page, runbooks: RUNBOOKS, snapshot })));
}

export async function benchPage({ rootDir }: BenchNode): Promise<boolean> {
  const source = createSource(rootDir, false);
  await source.scan();
  const observation = source.observe();
  const audience = { rules: [], useCatalogue: true };
  const takeSnapshot = createTakeSnapshot({ rotationGrace: 300, syncFrequency: 60, audience });
  const listFamilies = createListFamilies({ node: 'node-1', perToken: 'all', isRelativeShown: true });
  const pool = createBufferPool();
  const print = createPrint();
  const snapshotIn = (later = 0) => takeSnapshot({ ...NO_FACTS, observation }, Date.now() / 1_000 + later);
  const scrape = (): void => {
    pool
      .fill((write) => print(listFamilies(snapshotIn()), 'text', write))
      .acquire()
      .release();
  };
  const compared = await compare(
    [
      { name: 'page', run: () => printPage(snapshotIn()) },
      { name: 'metrics', run: scrape },
    ],
    51,
    10,
  );
  const sizes = [0, EXPIRED].map((later) => printPage(snapshotIn(later)).length / 1_000);
  return [
    report({
      what: 'status page of 1,000 tokens, relative to a scrape',
      value: compared.ratio('page', 'metrics'),
      atMost: 3,
      unit: 'x',
    }),
    report({ what: 'status page of 1,000 tokens', value: compared.ms('page'), unit: 'ms' }),
    ...['healthy', 'failing'].map((what, index) =>
      report({
        what: `size of the status page of 1,000 ${what} tokens, in kB`,
        value: sizes[index] ?? Number.NaN,
        atMost: MAX_KILOBYTES,
        unit: '',
      }),
    ),
  ].every(Boolean);
}
