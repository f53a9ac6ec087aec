/**
 * `npm run bench:queries`: the cost of all queries of the dashboards, against a Prometheus with a synthetic fleet.
 *
 * In CPU seconds of Prometheus, which other processes on the machine disturb less than times. Takes five minutes and five
 * gigabytes of memory. Exits with 1 if a bound is exceeded.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DASHBOARDS } from '../../test/grafana/model.ts';
import { startPrometheus } from '../../test/grafana/prometheus.ts';
import { fillFleet } from '../../test/grafana/synthetic/fleet.ts';
import { report } from '../report.ts';
import { costOf, type PanelCost } from './cost.ts';
import { AT, FLEETS, type SyntheticFleet } from './fleets.ts';

const MAX_PANEL = 2;
const MAX_DASHBOARD = 10;

/** Prometheus takes samples of the last half of a block. The bound is checked here, also on a busy machine. */
const FLAGS = [
  '--web.enable-remote-write-receiver',
  '--storage.tsdb.min-block-duration=1d',
  '--storage.tsdb.max-block-duration=1d',
  '--query.timeout=20m',
];

function reportAll(uid: string, costs: readonly PanelCost[]): boolean {
  const figures = costs.toSorted((a, b) => b.seconds - a.seconds);
  const isOk = figures.map(({ title, seconds, samples, series }) =>
    report({
      what: `${uid}: ${title} (${samples} samples, ${series} series)`,
      value: seconds,
      atMost: MAX_PANEL,
      unit: 's',
    }),
  );
  const total = costs.reduce((sum, { seconds }) => sum + seconds, 0);
  return (
    report({ what: `${uid}: all panels`, value: total, atMost: MAX_DASHBOARD, unit: 's' }) &&
    isOk.every(Boolean)
  );
}

async function measure({ title, options }: SyntheticFleet): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'satoken-queries-'));
  const prometheus = await startPrometheus('prometheus', folder, join(folder, 'data'), 300, FLAGS);
  try {
    const series = await fillFleet(prometheus.url, options);
    process.stdout.write(`${title}: ${series} series\n`);
    let isOk = true;
    for (const dashboard of DASHBOARDS)
      isOk = reportAll(dashboard.uid, await costOf(prometheus, dashboard, AT)) && isOk;
    return isOk;
  } finally {
    await prometheus.stop();
    rmSync(folder, { recursive: true });
  }
}

let isOk = true;
for (const fleet of FLEETS) isOk = (await measure(fleet)) && isOk;
process.exitCode = isOk ? 0 : 1;
