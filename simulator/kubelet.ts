/**
 * An emulated kubelet: mounts the volumes of its pods, keeps their tokens fresh, and fails as the real one does.
 *
 * Nothing happens between calls: whoever drives it says when to sync. Knows nothing of the exporter.
 */
import { apiTime } from './api-time.ts';
import type { Reference } from './claims.ts';
import type { Cluster } from './cluster.ts';
import type { Mounts } from './kubelet/mounts.ts';
import * as volumes from './kubelet/pod-volumes.ts';
import { createTokenCache } from './kubelet/token-cache.ts';
import type { Pod } from './objects.ts';
import type { MountFailure } from './pod-events.ts';
import { completed } from './pod-status.ts';

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
  /** A volume `data` that cannot be mounted holds up all others of its pod; `cause` is how the kubelet words it. */
  readonly block: (podUid: string, isBlocked: boolean, cause?: string) => void;
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
}

interface Running {
  pod: Pod;
  /** What holds its volumes up. */
  blockedBy: string | undefined;
  hasEnded: boolean;
  readonly mounted: Set<string>;
  boundFiles: readonly string[];
}

/** What a pod gets whose spec names no grace. */
const DEFAULT_GRACE_SECONDS = 30;

interface State {
  readonly disk: volumes.Disk;
  readonly running: Map<string, Running>;
  isStopped: boolean;
}

function get(running: State['running'], podUid: string): Running {
  const found = running.get(podUid);
  if (found === undefined) throw new Error(`no pod ${podUid}`);
  return found;
}

/** Why a sync of a pod comes to nothing while its volume `data` is held up. */
function blockage({ pod, blockedBy }: Running): MountFailure | undefined {
  if (blockedBy === undefined) return undefined;
  const volumeNames = 'unmounted volumes=[data], unattached volumes=[], failed to process volumes=[data]';
  return { pod, message: `Unable to attach or mount volumes: ${volumeNames}: ${blockedBy}` };
}

function syncPod({ disk }: State, one: Running): void {
  const { pod, hasEnded, mounted } = one;
  if (hasEnded || pod.metadata.deletionTimestamp !== undefined) return;
  const failure = blockage(one);
  if (failure !== undefined) {
    disk.onFailure(failure);
    return;
  }
  for (const volume of volumes.volumesOf(pod)) {
    if (!mounted.has(volume.name)) volumes.mountVolume(disk, pod, volume);
    mounted.add(volume.name);
    volumes.fillVolume(disk, pod, volume);
  }
}

function sync(state: State, podUid?: string): void {
  if (state.isStopped) return;
  const pods = podUid === undefined ? state.running.values() : [get(state.running, podUid)];
  for (const one of pods) syncPod(state, one);
}

function run(state: State, pod: Pod): void {
  const { uid } = pod.metadata;
  const posted = state.disk.cluster.setPod(pod);
  const none = { blockedBy: undefined, hasEnded: false, boundFiles: [] };
  const one: Running = { pod: posted, mounted: new Set(), ...none };
  state.running.set(uid, one);
  volumes.makePodFolder(state.disk, uid);
  sync(state, uid);
  one.boundFiles = volumes.bindSubPaths(state.disk, pod);
}

function terminate({ disk, running }: State, podUid: string): void {
  const one = get(running, podUid);
  const { metadata, spec } = one.pod;
  const grace = spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS;
  const deletionTimestamp = apiTime(disk.cluster.now() + grace);
  one.pod = disk.cluster.setPod({
    ...one.pod,
    metadata: { ...metadata, deletionTimestamp, deletionGracePeriodSeconds: grace },
  });
}

/** Nothing of the pod's volumes stays mounted, and nobody fills them any more. */
function releaseVolumes(disk: volumes.Disk, one: Running): void {
  for (const file of one.boundFiles) disk.mounts.releaseFile(file);
  one.boundFiles = [];
  for (const volume of volumes.volumesOf(one.pod)) {
    if (one.mounted.delete(volume.name)) disk.mounts.unmount(volumes.volumeFolder(disk, one.pod, volume));
  }
  one.hasEnded = true;
  disk.tokens.forget(one.pod.metadata.uid);
}

function complete({ disk, running }: State, podUid: string): void {
  const one = get(running, podUid);
  releaseVolumes(disk, one);
  one.pod = disk.cluster.setPod(completed(one.pod, disk.cluster.now()));
}

function remove({ disk, running }: State, podUid: string): void {
  const one = get(running, podUid);
  const { namespace, name } = one.pod.metadata;
  releaseVolumes(disk, one);
  if (disk.cluster.pod(namespace, name)?.metadata.uid === podUid) disk.cluster.deletePod(namespace, name);
  running.delete(podUid);
  volumes.removePodFolder(disk, podUid);
}

function volumeFolder(state: State, podUid: string, name: string): string {
  const { pod } = get(state.running, podUid);
  const volume = volumes.volumesOf(pod).find((one) => one.name === name);
  if (volume === undefined) throw new Error(`no volume ${name} in pod ${podUid}`);
  return volumes.volumeFolder(state.disk, pod, volume);
}

function start(state: State): void {
  state.isStopped = false;
  state.disk.tokens.forget();
  sync(state);
}

/** A claim that was deleted under its pod. */
function missingClaim({ metadata }: Pod): string {
  const reason = 'failed to fetch PVC from API server: persistentvolumeclaims "data" not found';
  return `error processing PVC ${metadata.namespace}/data: ${reason}`;
}

export function createKubelet({ rootDir, cluster, node, mounts }: KubeletOptions): Kubelet {
  const tokens = createTokenCache(cluster, node);
  const onFailure = (failure: MountFailure): void => cluster.recordFailure(failure, node.name);
  const disk = { rootDir, cluster, mounts, tokens, onFailure };
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
    block: (podUid, isBlocked, cause) => {
      const one = get(state.running, podUid);
      one.blockedBy = isBlocked ? (cause ?? missingClaim(one.pod)) : undefined;
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
