/**
 * What it costs to watch who reads tokens, next to an exporter without that on the same node at the same time: CPU,
 * also relative to a thread that does nothing, memory, and the time until a rotation is noticed.
 */
import { closeSync, openSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { type Exporter, startExporter } from './exporter.ts';
import { type IdleThread, startIdleThread } from './idle-thread.ts';
import { percentile } from './measure.ts';
import { MB } from './memory.ts';
import type { BenchNode } from './node.ts';
import { report } from './report.ts';
import { repeat, rotateEvenly } from './rotate.ts';

const SECONDS = Number(process.env['BENCH_READS_SECONDS'] ?? 60);
const OPENS_PER_SECOND = 100;
const ROTATIONS = Math.min(1_000, Number(process.env['BENCH_ROTATIONS'] ?? 1_000));
const ROTATIONS_PER_SECOND = 50;
/** As often as a Prometheus that scrapes more often than most. */
const SCRAPE_SECONDS = 15;
const SAMPLE_MS = 500;
/** Percent of one core, on a machine on which a thread that wakes up once a second takes less than a tenth of a percent. */
const MAX_SHARE = 0.5;
/** Relative to that thread, on any other machine. */
const MAX_RATIO = 10;
/** One scan more in one of the exporters would cost more than all reads. */
const NO_SCANS = '--scan.interval=1h';
/** Rotations are logged at this level. */
const LOG = '--log.level=debug';

type Pair = readonly [without: Exporter, watching: Exporter];

/** Opens one volume's token after the other, as workloads do, and scrapes now and then. */
async function openTokens(pair: Pair, volumes: readonly string[], seconds: number): Promise<void> {
  const scrapes: Promise<string>[] = [];
  await repeat(seconds * OPENS_PER_SECOND, OPENS_PER_SECOND, (index) => {
    closeSync(openSync(`${volumes[(index * 7) % volumes.length]}/token`, 'r'));
    const isDue = index % (SCRAPE_SECONDS * OPENS_PER_SECOND) === 0;
    if (isDue) scrapes.push(...pair.map(({ scrape }) => scrape()));
  });
  await Promise.all(scrapes);
}

interface Cost {
  /** CPU time in percent of one core, from the first open to the last. */
  readonly share: number;
  /** Median over that time: V8 collects garbage at any moment. */
  readonly memory: number;
}

async function costsOf(
  pair: Pair,
  idle: IdleThread,
  volumes: readonly string[],
  seconds: number,
): Promise<readonly [without: Cost, watching: Cost, idle: Cost]> {
  const processes = [...pair, idle] as const;
  const before = processes.map(({ cpuMs }) => cpuMs());
  const samples = processes.map((): number[] => []);
  const sampling = setInterval(() => {
    for (const [index, { memory }] of processes.entries()) samples[index]?.push(memory());
  }, SAMPLE_MS);
  const startedAt = performance.now();
  await openTokens(pair, volumes, seconds);
  const tookMs = performance.now() - startedAt;
  clearInterval(sampling);
  return processes.map(({ cpuMs }, index) => ({
    share: ((cpuMs() - (before[index] ?? 0)) / tookMs) * 100,
    memory: percentile(samples[index] ?? [], 0.5),
  })) as [Cost, Cost, Cost];
}

function watchedFolders(exposition: string): number {
  return Number(/^satoken_reads_watches\{.*} (\d+)$/m.exec(exposition)?.[1]);
}

async function reportCost(pair: Pair, { volumes }: BenchNode): Promise<boolean> {
  const idle = await startIdleThread();
  // V8 collects the garbage of the first scan within 40 s or so, in each exporter at a time of its own.
  await openTokens(pair, volumes, Math.min(45, 3 * SECONDS));
  const [without, watching, bare] = await costsOf(pair, idle, volumes, SECONDS);
  idle.stop();
  const folders = watchedFolders(await pair[1].scrape());
  return [
    report({ what: 'watched directories', value: folders, atLeast: volumes.length, unit: '' }),
    report({ what: 'CPU of one core without watching reads', value: without.share, unit: '%' }),
    report({ what: 'CPU of a thread that only wakes up once a second', value: bare.share, unit: '%' }),
    report({
      what: `CPU in addition at ${OPENS_PER_SECOND} opens per second`,
      value: watching.share - without.share,
      atMost: Math.max(MAX_SHARE, MAX_RATIO * bare.share),
      unit: '%',
    }),
    report({
      what: 'resident memory in addition, median',
      value: (watching.memory - without.memory) / MB,
      atMost: 12,
      unit: 'MB',
    }),
  ].every(Boolean);
}

interface Noticed {
  readonly latencies: readonly number[];
  readonly stop: () => void;
}

/** Milliseconds from each write until the exporter logs the rotation. */
function followRotations(exporter: Exporter, written: ReadonlyMap<string, number>): Noticed {
  const latencies: number[] = [];
  const stop = exporter.onLogLine((line) => {
    const [, pod, volume] = /msg="token rotated" .*pod=(\S+) volume=(\S+)/.exec(line) ?? [];
    const writtenAt = written.get(`${pod} ${volume}`);
    if (writtenAt !== undefined) latencies.push(performance.now() - writtenAt);
  });
  return { latencies, stop };
}

function blindTimes(exposition: string): string {
  const buckets = exposition.matchAll(/^satoken_reads_blind_seconds_bucket\{le="([^"]+)".*} (\d+)$/gm);
  return Array.from(buckets, ([, bound, count]) => `${bound}s: ${count}`).join(', ');
}

async function reportRotations(pair: Pair, node: BenchNode): Promise<boolean> {
  const written = new Map<string, number>();
  const followed = pair.map((exporter) => followRotations(exporter, written));
  await rotateEvenly(node, ROTATIONS, ROTATIONS_PER_SECOND, ({ pod, volume }, { writtenAt }) => {
    written.set(`${pod.metadata.name} ${volume}`, writtenAt);
  });
  // Later than any rotation that is not missed.
  await setTimeout(2_000);
  for (const { stop } of followed) stop();
  const [without = [], watching = []] = followed.map(({ latencies }) => latencies);
  process.stdout.write(
    `     rotations by the time until their opens are seen: ${blindTimes(await pair[1].scrape())}\n`,
  );
  const [before, after] = [percentile(without, 0.99), percentile(watching, 0.99)];
  return [
    report({ what: 'rotation until noticed without watching reads, p99', value: before, unit: 'ms' }),
    report({
      what: 'rotation until noticed, p99 in addition',
      value: after - before,
      atMost: 60,
      unit: 'ms',
    }),
    report({
      what: `missed rotations of ${ROTATIONS} while watching reads`,
      value: ROTATIONS - watching.length,
      atMost: 0,
      unit: '',
    }),
  ].every(Boolean);
}

export async function benchReads(node: BenchNode): Promise<boolean> {
  const pair = [
    await startExporter(node.rootDir, NO_SCANS, LOG),
    await startExporter(node.rootDir, NO_SCANS, LOG, '--reads.watch'),
  ] as const;
  const isCheap = await reportCost(pair, node);
  const isPrompt = await reportRotations(pair, node);
  await Promise.all(pair.map(({ stop }) => stop()));
  return isCheap && isPrompt;
}
