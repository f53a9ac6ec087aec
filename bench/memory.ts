/**
 * Resident memory under scrapes, relative to an idle Node.js process.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { residentMemory, startExporter } from './exporter.ts';
import { percentile } from './measure.ts';
import type { BenchNode } from './node.ts';
import { report } from './report.ts';

const SCRAPES = 1_000;
export const MB = 1_048_576;

export async function bareNode(): Promise<number> {
  const child = spawn(process.execPath, ['-e', 'console.log("up");setInterval(()=>{},1e6)'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  const memory = residentMemory(child);
  child.kill();
  return memory;
}

export async function benchMemory({ rootDir }: BenchNode): Promise<boolean> {
  const bare = await bareNode();
  const exporter = await startExporter(rootDir);
  const samples: number[] = [];
  for (let count = 0; count < SCRAPES; count += 1) {
    await exporter.scrape();
    samples.push(exporter.memory());
  }
  await exporter.stop();
  const end = percentile(samples.slice(-100), 0.5);
  const middle = percentile(samples.slice(SCRAPES / 2, SCRAPES / 2 + 100), 0.5);
  return [
    report({ what: 'resident memory of bare Node', value: bare / MB, unit: 'MB' }),
    report({ what: `resident memory after ${SCRAPES} scrapes of 1,000 tokens`, value: end / MB, unit: 'MB' }),
    report({ what: 'same, relative to bare Node', value: end / bare, atMost: 2, unit: 'x' }),
    report({ what: 'growth over the last 500 scrapes', value: end / middle, atMost: 1.05, unit: 'x' }),
  ].every(Boolean);
}
