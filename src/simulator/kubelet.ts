/**
 * An emulated kubelet: mounts the volumes of its pods, keeps their tokens fresh, and fails as the real one does.
 *
 * Nothing happens between calls: whoever drives it says when to sync. Knows nothing of the exporter.
 */
import type { Reference } from './claims.ts';
import type { Cluster } from './cluster.ts';
import type { Mounts } from './mounts.ts';
import type { Pod } from './objects.ts';
import * as volumes from './pod-volumes.ts';
import { createTokenCache } from './token-cache.ts';

export interface Kubelet {
  readonly pods: () => readonly Pod[];
  /** Where a volume of a pod is mounted. */
  readonly volumeFolder: (podUid: string, volume: string) => string;
  /** Starts a pod: mounts its volumes and fills them. */
  readonly run: (pod: Pod) => void;
  /** Brings one pod's volumes up to date, or all pods' where no uid is given. */
  readonly sync: (podUid?: string) => void;
  /** Asks for new tokens for one pod ahead of time. */
  readonly rotate: (podUid: string) => void;
  /** The pod is being deleted: its volumes stay, and nobody refreshes them. */
  readonly terminate: (podUid: string) => void;
  /** The pod's containers ended for good: its volumes go, its folder stays. */
  readonly complete: (podUid: string) => void;
  readonly remove: (podUid: string) => void;
  /** A volume that cannot be mounted (a claim that is not bound, say) holds up all others of its pod. */
  readonly block: (podUid: string, isBlocked: boolean) => void;
  /** While stopped nothing is synced. A start asks for every token anew. */
  readonly stop: () => void;
  readonly start: () => void;
  /** Unmounts and removes everything. */
  readonly close: () => void;
}

export interface KubeletOptions {
  /** The root folder; `pods` is made in it. */
  readonly rootDir: string;
  readonly cluster: Cluster;
  readonly node: Reference;
  readonly mounts: Mounts;
  readonly onFailure?: (failure: volumes.MountFailure) => void;
}

interface Running {
  pod: Pod;
  isBlocked: boolean;
  readonly mounted: Set<string>;
  boundFiles: readonly string[];
}

interface State {
  readonly disk: volumes.Disk;
  readonly running: Map<string, Running>;
  isStopped: boolean;
}

function get({ running }: State, podUid: string): Running {
  const found = running.get(podUid);
  if (found === undefined) throw new Error(`no pod ${podUid}`);
  return found;
}

function syncPod({ disk }: State, { pod, isBlocked, mounted }: Running): void {
  if (isBlocked || pod.metadata.deletionTimestamp !== undefined) return;
  for (const volume of volumes.volumesOf(pod)) {
    if (!mounted.has(volume.name)) volumes.mountVolume(disk, pod, volume);
    mounted.add(volume.name);
    volumes.fillVolume(disk, pod, volume);
  }
}

function sync(state: State, podUid?: string): void {
  if (state.isStopped) return;
  const pods = podUid === undefined ? state.running.values() : [get(state, podUid)];
  for (const one of pods) syncPod(state, one);
}

function run(state: State, pod: Pod): void {
  const { uid } = pod.metadata;
  const one: Running = { pod, isBlocked: false, mounted: new Set(), boundFiles: [] };
  state.running.set(uid, one);
  volumes.makePodFolder(state.disk, uid);
  sync(state, uid);
  one.boundFiles = volumes.bindSubPaths(state.disk, pod);
}

function terminate(state: State, podUid: string): void {
  const one = get(state, podUid);
  const deletionTimestamp = new Date(state.disk.cluster.now() * 1_000).toISOString();
  one.pod = { ...one.pod, metadata: { ...one.pod.metadata, deletionTimestamp } };
}

function complete(state: State, podUid: string): void {
  const { disk } = state;
  const one = get(state, podUid);
  for (const file of one.boundFiles) disk.mounts.releaseFile(file);
  one.boundFiles = [];
  for (const volume of volumes.volumesOf(one.pod)) {
    if (one.mounted.delete(volume.name)) disk.mounts.unmount(volumes.volumeFolder(disk, one.pod, volume));
  }
  one.isBlocked = true;
  disk.tokens.forget(podUid);
}

function remove(state: State, podUid: string): void {
  complete(state, podUid);
  state.running.delete(podUid);
  volumes.removePodFolder(state.disk, podUid);
}

function volumeFolder(state: State, podUid: string, name: string): string {
  const { pod } = get(state, podUid);
  const volume = volumes.volumesOf(pod).find((one) => one.name === name);
  if (volume === undefined) throw new Error(`no volume ${name} in pod ${podUid}`);
  return volumes.volumeFolder(state.disk, pod, volume);
}

function start(state: State): void {
  state.isStopped = false;
  state.disk.tokens.forget();
  sync(state);
}

export function createKubelet({ rootDir, cluster, node, mounts, onFailure }: KubeletOptions): Kubelet {
  const tokens = createTokenCache(cluster, node);
  const disk = { rootDir, cluster, mounts, tokens, onFailure: onFailure ?? (() => undefined) };
  const state: State = { disk, running: new Map(), isStopped: false };
  return {
    pods: () => [...state.running.values()].map(({ pod }) => pod),
    volumeFolder: (podUid, name) => volumeFolder(state, podUid, name),
    run: (pod) => run(state, pod),
    sync: (podUid) => sync(state, podUid),
    rotate: (podUid) => {
      tokens.forget(podUid);
      sync(state, podUid);
    },
    terminate: (podUid) => terminate(state, podUid),
    complete: (podUid) => complete(state, podUid),
    remove: (podUid) => remove(state, podUid),
    block: (podUid, isBlocked) => {
      get(state, podUid).isBlocked = isBlocked;
    },
    stop: () => {
      state.isStopped = true;
    },
    start: () => start(state),
    close: () => {
      for (const podUid of [...state.running.keys()]) remove(state, podUid);
    },
  };
}
