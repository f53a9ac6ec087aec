/**
 * `npm run bench withstand`: how fast `serve` answers probes and scrapes under attack, and how much memory it uses.
 *
 * The built program runs in a memory cgroup with the limit of the manifest if this machine allows one. An attack that
 * exceeds a bound is repeated while there is time, so that a busy machine does not fail it and a slower program does.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type LimitedProgram, startLimitedProgram } from '../../test/support/program.ts';
import { percentile } from '../measure.ts';
import { MB } from '../memory.ts';
import type { BenchNode } from '../node.ts';
import { type Figure, isWithinBounds, report } from '../report.ts';
import type { ProberData, Times } from './prober.ts';
import { SCENARIOS } from './scenarios.ts';
import type { Scenario, Stage } from './stage.ts';

const ROUNDS = 3;
/** For all attacks. After it each is tried once. */
const BUDGET_MS = 60_000;
const BOUNDS = { probeMs: 250, scrapeMs: 1_000, megabytes: 160 };
async function measure(program: LimitedProgram, { attack, headers = {} }: Stage): Promise<readonly Figure[]> {
  const port = Number(new URL(program.url).port);
  const workerData: ProberData = { port, headers };
  const prober = new Worker(new URL('prober.ts', import.meta.url), { workerData });
  await once(prober, 'message');
  await attack({ port, isSecure: false });
  prober.postMessage('end');
  const [{ probes, scrapes }] = (await once(prober, 'message')) as [Times];
  return [
    { what: '/healthz, p99', value: percentile(probes, 0.99), atMost: BOUNDS.probeMs, unit: 'ms' },
    { what: 'slowest scrape', value: Math.max(...scrapes), atMost: BOUNDS.scrapeMs, unit: 'ms' },
    { what: 'memory', value: program.peakBytes() / MB, atMost: BOUNDS.megabytes, unit: 'MB' },
    { what: 'kills by the kernel', value: program.kills(), atMost: 0, unit: '' },
  ];
}

async function round(scenario: Scenario, node: BenchNode): Promise<readonly Figure[]> {
  const stage = await scenario.prepare(node);
  const program = await startLimitedProgram('serve', ...stage.options);
  const kill = (): void => void program.process.kill('SIGKILL');
  process.once('exit', kill);
  try {
    return await measure(program, stage);
  } finally {
    process.off('exit', kill);
    await program.stop();
    await stage.close();
  }
}

async function withstand(scenario: Scenario, node: BenchNode, endsAt: number): Promise<boolean> {
  let figures: readonly Figure[] = [];
  for (let rounds = 0; rounds < ROUNDS; rounds += 1) {
    figures = await round(scenario, node);
    if (figures.every(isWithinBounds) || performance.now() > endsAt) break;
  }
  return figures
    .map((figure) => report({ ...figure, what: `${figure.what} during: ${scenario.it}` }))
    .every(Boolean);
}

export async function benchWithstand(node: BenchNode): Promise<boolean> {
  const endsAt = performance.now() + BUDGET_MS;
  let isOk = true;
  for (const scenario of SCENARIOS) isOk = (await withstand(scenario, node, endsAt)) && isOk;
  return isOk;
}
