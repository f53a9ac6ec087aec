/**
 * Rotates tokens of the simulated node.
 */
import { setTimeout } from 'node:timers/promises';
import { writeAtomically } from '../simulator/kubelet/atomic-writer.ts';
import type { Pod, TokenProjection, Volume } from '../simulator/objects.ts';
import type { BenchNode } from './node.ts';

const NODE = { name: 'node-1', uid: 'bench' };

interface Target {
  readonly pod: Pod;
  /** Name of the volume. */
  readonly volume: string;
  readonly folder: string;
  readonly projection: TokenProjection;
}

export interface Written {
  readonly issuedAt: number;
  readonly writtenAt: number;
}

function targetOf({ world }: BenchNode, pod: Pod, { name, projected }: Volume): readonly Target[] {
  const projection = projected?.sources.find(
    (source) => source.serviceAccountToken !== undefined,
  )?.serviceAccountToken;
  if (projection === undefined) return [];
  const { uid } = pod.metadata;
  return [{ pod, projection, volume: name, folder: world.kubelet.volumeFolder(uid, name) }];
}

/** All volumes of the node that hold a token. */
function targetsOf(node: BenchNode): readonly Target[] {
  return node.pods.flatMap((pod) =>
    (pod.spec.volumes ?? []).flatMap((volume) => targetOf(node, pod, volume)),
  );
}

/** Times are those of the token and of `performance`. */
function rotate({ cluster }: BenchNode['world'], { pod, folder, projection }: Target): Written {
  const result = cluster.requestToken(pod, projection, NODE);
  if (!result.ok) throw new Error(result.error);
  const now = cluster.now();
  const file = { content: result.value.token, mode: 0o644, uid: undefined };
  const writtenAt = performance.now();
  writeAtomically(folder, new Map([['token', file]]), { now, fsGroup: undefined, isRoot: false });
  return { issuedAt: result.value.expiresAt - projection.expirationSeconds, writtenAt };
}

/** Calls the function so many times, at even intervals. */
export async function repeat(count: number, perSecond: number, run: (index: number) => void): Promise<void> {
  const startedAt = performance.now();
  for (let index = 0; index < count; index += 1) {
    run(index);
    await setTimeout(Math.max(0, startedAt + ((index + 1) * 1_000) / perSecond - performance.now()));
  }
}

/** Rotates so many tokens of the node, of all its pods in turn. */
export async function rotateEvenly(
  node: BenchNode,
  count: number,
  perSecond: number,
  onRotated: (target: Target, written: Written) => void,
): Promise<void> {
  const targets = targetsOf(node);
  await repeat(count, perSecond, (index) => {
    const target = targets[(index * 7) % targets.length];
    if (target === undefined) throw new Error('no volumes');
    onRotated(target, rotate(node.world, target));
  });
}
