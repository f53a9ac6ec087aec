/**
 * A simulated node with its API server, on which pods of any age can be started.
 */
import { randomUUID } from 'node:crypto';
import { type Cluster, type ClusterOptions, createCluster } from './cluster.ts';
import type { Mounts } from './kubelet/mounts.ts';
import { createKubelet, type Kubelet } from './kubelet.ts';
import type { Pod } from './objects.ts';
import { createPod, type PodOptions } from './pods.ts';

export interface World {
  readonly cluster: Cluster;
  readonly kubelet: Kubelet;
  /**
   * Runs a pod that started `age` seconds ago and was not synced since. A negative age simulates a clock ahead. Its
   * volumes are mounted now, so its containers are started now.
   */
  readonly run: (options: PodOptions, age?: number) => Pod;
  /** From now on the kubelet syncs the pod at regular intervals. */
  readonly startSyncing: (pod: Pod, age?: number) => void;
  /** Ends the regular syncs of a pod. */
  readonly stopSyncing: (podUid: string) => void;
  /**
   * The node controller marks all pods for deletion, as it does about 5 min after the kubelet went silent. Their
   * containers run on, and a stopped kubelet does not notice.
   */
  readonly evictAll: () => void;
  /** Deletes everything in a namespace and terminates its pods. */
  readonly deleteNamespace: (namespace: string) => void;
  /** Syncs the pods that are due. Call it about once per second. */
  readonly tick: () => void;
}

export interface WorldOptions extends Pick<ClusterOptions, 'version' | 'extendedSeconds'> {
  readonly rootDir: string;
  readonly mounts: Mounts;
  /** Epoch seconds. */
  readonly now: () => number;
}

/** The longest interval between two syncs of a pod by a healthy kubelet. */
const SYNC_SECONDS = 90;

export function createWorld({ rootDir, mounts, now, ...options }: WorldOptions): World {
  let clockOffset = 0;
  const cluster = createCluster({ ...options, now: () => now() + clockOffset });
  const kubelet = createKubelet({ rootDir, cluster, node: { name: 'node-1', uid: randomUUID() }, mounts });
  const nextSync = new Map<string, number>();

  const run = (options: PodOptions, age = 0): Pod => {
    clockOffset = -age;
    try {
      const pod = createPod(cluster, { containersAt: now(), ...options });
      kubelet.run(pod);
      return pod;
    } finally {
      clockOffset = 0;
    }
  };

  const startSyncing = ({ metadata }: Pod, age = 0): void => {
    nextSync.set(metadata.uid, now() + SYNC_SECONDS - (age % SYNC_SECONDS));
  };

  const tick = (): void => {
    for (const [uid, due] of nextSync) {
      const late = now() - due;
      if (late < 0) continue;
      kubelet.sync(uid);
      // After a pause, as of a suspended machine, one sync makes up for all that were missed.
      nextSync.set(uid, now() + SYNC_SECONDS - (late % SYNC_SECONDS));
    }
  };
  const terminate = (isAffected: (pod: Pod) => boolean): void => {
    for (const pod of kubelet.pods())
      if (isAffected(pod) && pod.metadata.deletionTimestamp === undefined)
        kubelet.terminate(pod.metadata.uid);
  };
  const deleteNamespace = (namespace: string): void => {
    terminate(({ metadata }) => metadata.namespace === namespace);
    cluster.deleteNamespace(namespace);
  };
  return {
    cluster,
    kubelet,
    run,
    startSyncing,
    stopSyncing: (podUid) => void nextSync.delete(podUid),
    evictAll: () => terminate(() => true),
    deleteNamespace,
    tick,
  };
}
