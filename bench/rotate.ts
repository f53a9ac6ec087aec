/**
 * Rotates tokens of the simulated node.
 */
import { writeAtomically } from '../simulator/kubelet/atomic-writer.ts';
import type { Pod, TokenProjection, Volume } from '../simulator/objects.ts';
import type { BenchNode } from './node.ts';

const NODE = { name: 'node-1', uid: 'bench' };

export interface Target {
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
export function targetsOf(node: BenchNode): readonly Target[] {
  return node.pods.flatMap((pod) =>
    (pod.spec.volumes ?? []).flatMap((volume) => targetOf(node, pod, volume)),
  );
}

/** Times are those of the token and of `performance`. */
export function rotate({ cluster }: BenchNode['world'], { pod, folder, projection }: Target): Written {
  const result = cluster.requestToken(pod, projection, NODE);
  if (!result.ok) throw new Error(result.error);
  const now = cluster.now();
  const file = { content: result.value.token, mode: 0o644, uid: undefined };
  const writtenAt = performance.now();
  writeAtomically(folder, new Map([['token', file]]), { now, fsGroup: undefined, isRoot: false });
  return { issuedAt: result.value.expiresAt - projection.expirationSeconds, writtenAt };
}
