/**
 * Time from a rotation until it is visible in /metrics, and the number of missed rotations.
 */
import { setTimeout } from 'node:timers/promises';
import { writeAtomically } from '../simulator/kubelet/atomic-writer.ts';
import type { Pod, TokenProjection, Volume } from '../simulator/objects.ts';
import { type Exporter, startExporter } from './exporter.ts';
import { percentile } from './measure.ts';
import type { BenchNode } from './node.ts';
import { report } from './report.ts';

const ROTATIONS = Number(process.env['BENCH_ROTATIONS'] ?? 10_000);
const PER_SECOND = 50;
/** As often as the exporter has a new response for each request: more frequent ones share one for a second. */
const POLL_MS = 250;
const NODE = { name: 'node-1', uid: 'bench' };

interface Target {
  readonly pod: Pod;
  readonly folder: string;
  readonly projection: TokenProjection;
  /** Pod UID and volume, as in the labels of the series. */
  readonly key: string;
}

/** A rotation that is not yet visible. */
interface Pending {
  readonly issuedAt: number;
  readonly writtenAt: number;
}

function targetOf({ world }: BenchNode, pod: Pod, { name, projected }: Volume): readonly Target[] {
  const projection = projected?.sources.find(
    (source) => source.serviceAccountToken !== undefined,
  )?.serviceAccountToken;
  if (projection === undefined) return [];
  const { uid } = pod.metadata;
  return [{ pod, projection, folder: world.kubelet.volumeFolder(uid, name), key: `${uid} ${name}` }];
}

function rotate({ cluster }: BenchNode['world'], { pod, folder, projection }: Target): Pending {
  const result = cluster.requestToken(pod, projection, NODE);
  if (!result.ok) throw new Error(result.error);
  const now = cluster.now();
  const file = { content: result.value.token, mode: 0o644, uid: undefined };
  const writtenAt = performance.now();
  writeAtomically(folder, new Map([['token', file]]), { now, fsGroup: undefined, isRoot: false });
  return { issuedAt: result.value.expiresAt - projection.expirationSeconds, writtenAt };
}

/** Issue times by pod UID and volume. */
function issuedTimes(exposition: string): ReadonlyMap<string, number> {
  const from = exposition.indexOf('# TYPE satoken_issued_timestamp_seconds');
  const section = exposition.slice(from, exposition.indexOf('# HELP', from));
  const series = section.matchAll(/pod_uid="([^"]*)".*volume="([^"]*)".*} (\d+)/g);
  return new Map(Array.from(series, ([, uid, volume, issued]) => [`${uid} ${volume}`, Number(issued)]));
}

async function keepRotating(
  node: BenchNode,
  targets: readonly Target[],
  pending: Map<string, Pending>,
): Promise<void> {
  const startedAt = performance.now();
  for (let count = 0; count < ROTATIONS; count += 1) {
    const target = targets[(count * 7) % targets.length];
    if (target === undefined) throw new Error('no volumes');
    pending.set(target.key, rotate(node.world, target));
    const due = startedAt + ((count + 1) * 1_000) / PER_SECOND;
    await setTimeout(Math.max(0, due - performance.now()));
  }
}

async function watchLatencies(exporter: Exporter, pending: Map<string, Pending>, isDone: () => boolean) {
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
  const targets = node.pods.flatMap((pod) =>
    (pod.spec.volumes ?? []).flatMap((volume) => targetOf(node, pod, volume)),
  );
  const exporter = await startExporter(node.rootDir);
  const pending = new Map<string, Pending>();
  let isDone = false;
  const watching = watchLatencies(exporter, pending, () => isDone);
  await keepRotating(node, targets, pending);
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
