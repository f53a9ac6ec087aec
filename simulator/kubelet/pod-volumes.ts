/**
 * One pod's volumes on disk: mounted, filled, bound into containers, and taken away.
 *
 * Knows nothing of when that is due, nor of other pods.
 */
import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Cluster } from '../cluster.ts';
import type { Pod, Volume } from '../objects.ts';
import { payloadOf } from '../payload.ts';
import type { MountFailure } from '../pod-events.ts';
import { writeAtomically } from './atomic-writer.ts';
import type { Mounts } from './mounts.ts';
import type { TokenCache } from './token-cache.ts';

/** The disk, and what volumes are filled from. */
export interface Disk {
  /** The kubelet's root folder, the one that holds `pods`. */
  readonly rootDir: string;
  readonly cluster: Cluster;
  readonly mounts: Mounts;
  readonly tokens: TokenCache;
  readonly onFailure: (failure: MountFailure) => void;
}

const FOLDER_MODE = 0o750;

function podFolder({ rootDir }: Disk, podUid: string): string {
  return join(rootDir, 'pods', podUid);
}

/** The volumes that the kubelet writes and tokens can lie in. */
export function volumesOf({ spec }: Pod): readonly Volume[] {
  return (spec.volumes ?? []).filter(({ projected, secret }) => (projected ?? secret) !== undefined);
}

export function volumeFolder(disk: Disk, { metadata }: Pod, { name, secret }: Volume): string {
  const plugin = secret === undefined ? 'kubernetes.io~projected' : 'kubernetes.io~secret';
  return join(podFolder(disk, metadata.uid), 'volumes', plugin, name);
}

export function makePodFolder(disk: Disk, podUid: string): void {
  mkdirSync(join(podFolder(disk, podUid), 'volumes'), { recursive: true, mode: FOLDER_MODE });
}

export function mountVolume(disk: Disk, pod: Pod, volume: Volume): void {
  disk.mounts.mount(volumeFolder(disk, pod, volume));
}

/** Writes what belongs into the volume now; where that cannot be had, what is there stays. */
export function fillVolume(disk: Disk, pod: Pod, volume: Volume): void {
  const { cluster, tokens, onFailure } = disk;
  const answer = payloadOf(pod, volume, cluster, tokens);
  if (!answer.ok) {
    onFailure({ pod, message: `MountVolume.SetUp failed for volume "${volume.name}" : ${answer.message}` });
    return;
  }
  const { fsGroup } = pod.spec.securityContext ?? {};
  const isRoot = process.getuid?.() === 0;
  writeAtomically(volumeFolder(disk, pod, volume), answer.payload, { now: cluster.now(), fsGroup, isRoot });
}

/** Binds what containers mount by subPath; it stays as it is until they end. Answers the bound files. */
export function bindSubPaths(disk: Disk, pod: Pod): readonly string[] {
  return pod.spec.containers.flatMap(({ name, volumeMounts = [] }) =>
    volumeMounts.flatMap(({ name: volumeName, subPath }, index) => {
      const volume = volumesOf(pod).find((one) => one.name === volumeName);
      if (subPath === undefined || volume === undefined) return [];
      const to = join(podFolder(disk, pod.metadata.uid), 'volume-subpaths', volumeName, name, String(index));
      mkdirSync(dirname(to), { recursive: true, mode: FOLDER_MODE });
      closeSync(openSync(to, 'w'));
      disk.mounts.bindFile(join(volumeFolder(disk, pod, volume), subPath), to);
      return [to];
    }),
  );
}

export function removePodFolder(disk: Disk, podUid: string): void {
  rmSync(podFolder(disk, podUid), { recursive: true, force: true });
}
