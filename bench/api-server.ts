/**
 * Cost of the API server source: memory with 250 pods, and time until the exporter is ready.
 */
import { spawnSync } from 'node:child_process';
import { type Exporter, startExporter } from './exporter.ts';
import { percentile } from './measure.ts';
import { bareNode, MB } from './memory.ts';
import type { BenchNode } from './node.ts';
import { report } from './report.ts';
import { serveApi } from './simulated-api.ts';

const SCRAPES = 200;
const STARTS = 20;

function startNode(): number {
  const startedAt = performance.now();
  spawnSync(process.execPath, ['-e', '0']);
  return performance.now() - startedAt;
}

async function isUp({ scrape }: Exporter): Promise<boolean> {
  const ups = (await scrape()).match(/^satoken_cluster_up\{.*\} \d$/gm) ?? [];
  return ups.length > 0 && ups.every((line) => line.endsWith(' 1'));
}

async function timeStarts(start: () => Promise<Exporter>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < STARTS; round += 1) {
    const startedAt = performance.now();
    const exporter = await start();
    times.push(performance.now() - startedAt);
    await exporter.stop();
  }
  return percentile(times, 0.5);
}

export async function benchApiServer(node: BenchNode): Promise<boolean> {
  const { api, options } = await serveApi(node);
  const start = () => startExporter(node.rootDir, ...options);
  const exporter = await start();
  while (!(await isUp(exporter)));
  const samples: number[] = [];
  for (let count = 0; count < SCRAPES; count += 1) {
    await exporter.scrape();
    samples.push(exporter.memory());
  }
  await exporter.stop();
  const ready = await timeStarts(start);
  await api.close();
  const memory = percentile(samples.slice(-100), 0.5);
  const bare = percentile(Array.from({ length: STARTS }, startNode), 0.5);
  return [
    report({ what: 'resident memory with the API server source', value: memory / MB, unit: 'MB' }),
    report({
      what: 'same, relative to bare Node',
      value: memory / (await bareNode()),
      atMost: 2.6,
      unit: 'x',
    }),
    report({
      what: 'start until ready, with the API server source',
      value: ready,
      atMost: 1_500,
      unit: 'ms',
    }),
    report({ what: 'same, relative to the start of bare Node', value: ready / bare, unit: 'x' }),
  ].every(Boolean);
}
