/**
 * Time from a rotation until it is visible in /metrics, and the number of missed rotations.
 */
import { setTimeout } from 'node:timers/promises';
import { type Exporter, startExporter } from './exporter.ts';
import { percentile } from './measure.ts';
import type { BenchNode } from './node.ts';
import { report } from './report.ts';
import { rotateEvenly, type Written } from './rotate.ts';

const ROTATIONS = Number(process.env['BENCH_ROTATIONS'] ?? 10_000);
const PER_SECOND = 50;
/** As often as the exporter has a new response for each request: more frequent ones share one for a second. */
const POLL_MS = 250;

/** Issue times by pod UID and volume. */
function issuedTimes(exposition: string): ReadonlyMap<string, number> {
  const from = exposition.indexOf('# TYPE satoken_issued_timestamp_seconds');
  const section = exposition.slice(from, exposition.indexOf('# HELP', from));
  const series = section.matchAll(/pod_uid="([^"]*)".*volume="([^"]*)".*} (\d+)/g);
  return new Map(Array.from(series, ([, uid, volume, issued]) => [`${uid} ${volume}`, Number(issued)]));
}

async function watchLatencies(exporter: Exporter, pending: Map<string, Written>, isDone: () => boolean) {
  const latencies: number[] = [];
  do {
    const issued = issuedTimes(await exporter.scrape());
    const now = performance.now();
    for (const [key, { issuedAt, writtenAt }] of pending) {
      if ((issued.get(key) ?? 0) < issuedAt) continue;
      latencies.push(now - writtenAt);
      pending.delete(key);
    }
    await setTimeout(POLL_MS);
  } while (!isDone() || pending.size > 0);
  return latencies;
}

function counted(exposition: string, name: string): number {
  return Array.from(exposition.matchAll(new RegExp(`^${name}\\{.*} (\\d+)$`, 'gm')), ([, value]) =>
    Number(value),
  ).reduce((sum, value) => sum + value, 0);
}

export async function benchRotation(node: BenchNode): Promise<boolean> {
  const exporter = await startExporter(node.rootDir);
  const pending = new Map<string, Written>();
  let isDone = false;
  const watching = watchLatencies(exporter, pending, () => isDone);
  await rotateEvenly(node, ROTATIONS, PER_SECOND, ({ pod, volume }, written) => {
    // As in the labels of the series.
    pending.set(`${pod.metadata.uid} ${volume}`, written);
  });
  isDone = true;
  const latencies = await watching;
  const rotations = counted(await exporter.scrape(), 'satoken_rotations_total');
  await exporter.stop();
  return [
    report({
      what: `rotation until visible in /metrics, requested every ${POLL_MS} ms, p50`,
      value: percentile(latencies, 0.5),
      unit: 'ms',
    }),
    report({
      what: `rotation until visible in /metrics, p99 of ${latencies.length}`,
      value: percentile(latencies, 0.99),
      atMost: POLL_MS + 250,
      unit: 'ms',
    }),
    report({
      what: `missed rotations of ${ROTATIONS}, at ${PER_SECOND} per second`,
      value: ROTATIONS - rotations,
      atMost: 0,
      unit: '',
    }),
  ].every(Boolean);
}
