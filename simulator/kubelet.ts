/**
 * An emulated kubelet: mounts the volumes of its pods, rotates their tokens, and fails the way a real kubelet does.
 *
 * It has no timers: the caller decides when to sync.
 */
import { mkdirSync } from 'node:fs';
import { apiTime } from './api-time.ts';
import type { Reference } from './claims.ts';
import type { Cluster } from './cluster.ts';
import { checkClaims, unmountedVolume } from './kubelet/claims.ts';
import type { Mounts } from './kubelet/mounts.ts';
import * as volumes from './kubelet/pod-volumes.ts';
import { createTokenCache } from './kubelet/token-cache.ts';
import type { Pod } from './objects.ts';
import type { MountFailure } from './pod-events.ts';
import { completedPod, restartedPod } from './pods.ts';

export interface Kubelet {
  readonly pods: () => readonly Pod[];
  /** Returns the mount point of a volume. */
  readonly volumeFolder: (podUid: string, volume: string) => string;
  /** Starts a pod: mounts and fills its volumes. */
  readonly run: (pod: Pod) => void;
  /** Updates the volumes of one pod, or of all pods if no UID is given. */
  readonly sync: (podUid?: string) => void;
  /** Rotates the tokens of a pod before they are due. */
  readonly rotate: (podUid: string) => void;
  /** Marks a pod as deleted: its volumes stay mounted, and their tokens are no longer rotated. */
  readonly terminate: (podUid: string) => void;
  /** Completes a pod: its volumes are unmounted, its folder stays. */
  readonly complete: (podUid: string) => void;
  readonly remove: (podUid: string) => void;
  /** Deletes a pod at the API server at once. It keeps running here until it is removed, without new tokens. */
  readonly forceDelete: (podUid: string) => void;
  /** The pod is gone everywhere, but not its folder, as after a hard reboot; `isEmpty` if nothing is left in it. */
  readonly orphan: (podUid: string, isEmpty: boolean) => void;
  /** While a pod is unregistered, its ConfigMaps cannot be read, which blocks the volumes that contain them. */
  readonly setRegistered: (podUid: string, isRegistered: boolean) => void;
  /** A volume `data` that cannot be mounted blocks all other volumes of its pod; `cause` is the kubelet's message. */
  readonly block: (podUid: string, isBlocked: boolean, cause?: string) => void;
  /** Nothing is synced while the kubelet is stopped. A start requests new tokens for all pods, terminating ones too. */
  readonly stop: () => void;
  readonly start: () => void;
  /**
   * Mounts the volumes of a pod again, over those that its running containers see, as a kubelet that runs in a container
   * and was restarted without its mounts.
   */
  readonly mountAgain: (podUid: string) => void;
  /** The container runtime restarts the containers of a pod: they see the volumes as they are now. */
  readonly restartContainers: (podUid: string) => void;
  /** Unmounts and removes everything. */
  readonly close: () => void;
}

export interface KubeletOptions {
  /** The root directory of the kubelet; `pods` is created in it. */
  readonly rootDir: string;
  readonly cluster: Cluster;
  readonly node: Reference;
  readonly mounts: Mounts;
}

interface RunningPod {
  pod: Pod;
  /** The error that blocks its volumes. */
  blockedBy: string | undefined;
  /** Whether its first sync has ended. */
  isSetUp: boolean;
  isCompleted: boolean;
  /** The API server no longer knows the pod. */
  isForceDeleted: boolean;
  readonly mounted: Set<string>;
  /** Folders of volumes that were mounted over, once for each time. */
  readonly covered: string[];
  boundFiles: readonly string[];
}

/** The default of `terminationGracePeriodSeconds`. */
const DEFAULT_GRACE_SECONDS = 30;

interface State {
  readonly context: volumes.VolumeContext;
  readonly unregistered: Set<string>;
  readonly running: Map<string, RunningPod>;
  isStopped: boolean;
}

function get(running: State['running'], podUid: string): RunningPod {
  const found = running.get(podUid);
  if (found === undefined) throw new Error(`no pod ${podUid}`);
  return found;
}

/** The failure of a sync while the volume `data` is blocked. */
function blockedFailure({ pod, blockedBy }: RunningPod): MountFailure | undefined {
  if (blockedBy === undefined) return undefined;
  return { pod, message: unmountedVolume('data', blockedBy) };
}

/** Whether the kubelet still updates the volumes of the pod. */
function isSynced({ pod, isCompleted, isForceDeleted }: RunningPod): boolean {
  return !(isCompleted || isForceDeleted || pod.metadata.deletionTimestamp !== undefined);
}

/** Containers start once their volumes are mounted. */
function startContainers({ context }: State, one: RunningPod): void {
  one.pod = context.cluster.setPod(restartedPod(one.pod, context.cluster.now()));
}

function updateVolumes(state: State, one: RunningPod): void {
  const { context } = state;
  const { pod, mounted } = one;
  const failure = blockedFailure(one);
  if (failure !== undefined) {
    context.onFailure(failure);
    return;
  }
  if (!checkClaims(context.cluster, pod, context.onFailure)) return;
  const before = mounted.size;
  for (const volume of volumes.volumesOf(pod)) volumes.setUpVolume(context, pod, volume, mounted);
  if (one.isSetUp && mounted.size > before) startContainers(state, one);
}

function sync(state: State, podUid?: string): void {
  if (state.isStopped) return;
  const pods = podUid === undefined ? [...state.running.values()] : [get(state.running, podUid)];
  for (const one of pods.filter(isSynced)) updateVolumes(state, one);
}

function run(state: State, pod: Pod): void {
  const { uid } = pod.metadata;
  const stored = state.context.cluster.setPod(pod);
  const one: RunningPod = {
    pod: stored,
    blockedBy: undefined,
    isSetUp: false,
    isCompleted: false,
    isForceDeleted: false,
    mounted: new Set(),
    covered: [],
    boundFiles: [],
  };
  state.running.set(uid, one);
  volumes.createPodFolder(state.context, uid);
  sync(state, uid);
  one.isSetUp = true;
  one.boundFiles = volumes.bindSubPaths(state.context, pod);
}

function terminate({ context, running }: State, podUid: string): void {
  const one = get(running, podUid);
  const { metadata, spec } = one.pod;
  const grace = spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS;
  const deletionTimestamp = apiTime(context.cluster.now() + grace);
  one.pod = context.cluster.setPod({
    ...one.pod,
    metadata: { ...metadata, deletionTimestamp, deletionGracePeriodSeconds: grace },
  });
}

/** Unmounts all volumes of the pod and excludes it from further syncs. */
function releaseVolumes(context: volumes.VolumeContext, one: RunningPod): void {
  for (const file of one.boundFiles) context.mounts.releaseFile(file);
  one.boundFiles = [];
  for (const folder of one.covered.splice(0)) context.mounts.uncover(folder);
  for (const volume of volumes.volumesOf(one.pod)) {
    if (one.mounted.delete(volume.name))
      context.mounts.unmount(volumes.volumeFolder(context, one.pod, volume));
  }
  one.isCompleted = true;
  context.tokens.clear(one.pod.metadata.uid);
}

function complete({ context, running }: State, podUid: string): void {
  const one = get(running, podUid);
  releaseVolumes(context, one);
  one.pod = context.cluster.setPod(completedPod(one.pod, context.cluster.now()));
}

function remove({ context, running }: State, podUid: string): void {
  const one = get(running, podUid);
  const { namespace, name } = one.pod.metadata;
  releaseVolumes(context, one);
  if (context.cluster.pod(namespace, name)?.metadata.uid === podUid)
    context.cluster.deletePod(namespace, name);
  running.delete(podUid);
  volumes.removePodFolder(context, podUid);
}

function volumeFolder(state: State, podUid: string, name: string): string {
  const { pod } = get(state.running, podUid);
  const volume = volumes.volumesOf(pod).find((one) => one.name === name);
  if (volume === undefined) throw new Error(`no volume ${name} in pod ${podUid}`);
  return volumes.volumeFolder(state.context, pod, volume);
}

function start(state: State): void {
  state.isStopped = false;
  state.context.tokens.clear();
  for (const one of state.running.values())
    if (!(one.isCompleted || one.isForceDeleted)) updateVolumes(state, one);
}

function mountAgain(state: State, podUid: string): void {
  const { context, running } = state;
  const { pod, mounted, covered } = get(running, podUid);
  for (const volume of volumes.volumesOf(pod)) {
    if (!mounted.has(volume.name)) continue;
    const folder = volumes.volumeFolder(context, pod, volume);
    context.mounts.cover(folder);
    covered.push(folder);
  }
  context.tokens.clear(podUid);
  sync(state, podUid);
}

function forceDelete({ context, running }: State, podUid: string): void {
  const one = get(running, podUid);
  const { namespace, name } = one.pod.metadata;
  context.cluster.deletePod(namespace, name);
  one.isForceDeleted = true;
}

/** Without their mounts, the folders of volumes are empty. Files are left if they were plain folders. */
function orphan(state: State, podUid: string, isEmpty: boolean): void {
  forceDelete(state, podUid);
  const one = get(state.running, podUid);
  const { context } = state;
  const folders = volumes.volumesOf(one.pod).map((volume) => volumes.volumeFolder(context, one.pod, volume));
  if (isEmpty) releaseVolumes(context, one);
  if (isEmpty) for (const folder of folders) mkdirSync(folder, { recursive: true });
}

/** The error for a PersistentVolumeClaim that was deleted while its pod was running. */
function missingClaim({ metadata }: Pod): string {
  const reason = 'failed to fetch PVC from API server: persistentvolumeclaims "data" not found';
  return `error processing PVC ${metadata.namespace}/data: ${reason}`;
}

export function createKubelet({ rootDir, cluster, node, mounts }: KubeletOptions): Kubelet {
  const tokens = createTokenCache(cluster, node);
  const onFailure = (failure: MountFailure): void => cluster.recordFailure(failure, node.name);
  const unregistered = new Set<string>();
  const context = { rootDir, cluster, mounts, tokens, onFailure, unregistered };
  const state: State = { context, unregistered, running: new Map(), isStopped: false };
  return {
    pods: () => [...state.running.values()].map(({ pod }) => pod),
    volumeFolder: (podUid, name) => volumeFolder(state, podUid, name),
    run: (pod) => run(state, pod),
    sync: (podUid) => sync(state, podUid),
    rotate: (podUid) => {
      tokens.clear(podUid);
      sync(state, podUid);
    },
    terminate: (podUid) => terminate(state, podUid),
    complete: (podUid) => complete(state, podUid),
    remove: (podUid) => remove(state, podUid),
    forceDelete: (podUid) => forceDelete(state, podUid),
    orphan: (podUid, isEmpty) => orphan(state, podUid, isEmpty),
    setRegistered: (podUid, isRegistered) => {
      if (isRegistered) unregistered.delete(podUid);
      else unregistered.add(podUid);
    },
    block: (podUid, isBlocked, cause) => {
      const one = get(state.running, podUid);
      one.blockedBy = isBlocked ? (cause ?? missingClaim(one.pod)) : undefined;
    },
    stop: () => {
      state.isStopped = true;
    },
    start: () => start(state),
    mountAgain: (podUid) => mountAgain(state, podUid),
    restartContainers: (podUid) => startContainers(state, get(state.running, podUid)),
    close: () => {
      for (const podUid of [...state.running.keys()]) remove(state, podUid);
    },
  };
}
