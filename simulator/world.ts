/**
 * A node with its API server: pods are run at any age, and time goes on by itself.
 *
 * Knows nothing of the pods that are run in it.
 */
import { randomUUID } from 'node:crypto';
import { type Cluster, createCluster } from './cluster.ts';
import type { Mounts } from './kubelet/mounts.ts';
import { createKubelet, type Kubelet } from './kubelet.ts';
import type { Pod } from './objects.ts';
import { createPod, type PodOptions } from './pods.ts';

export interface World {
  readonly cluster: Cluster;
  readonly kubelet: Kubelet;
  /** Runs a pod as if it had been started `age` seconds ago and never refreshed since; negative: a clock was ahead. */
  readonly run: (options: PodOptions, age?: number) => Pod;
  /** From now on the kubelet refreshes the pod. */
  readonly keepFresh: (pod: Pod, age?: number) => void;
  /** It no longer does: the pod has ended, or is about to. */
  readonly forget: (podUid: string) => void;
  /** Syncs every pod that is kept fresh and due for it. To be called every second or so. */
  readonly tick: () => void;
}

export interface WorldOptions {
  readonly rootDir: string;
  readonly mounts: Mounts;
  /** Epoch seconds. */
  readonly now: () => number;
}

/** The longest that a healthy kubelet leaves a pod alone. */
const SYNC_SECONDS = 90;

export function createWorld({ rootDir, mounts, now }: WorldOptions): World {
  let shift = 0;
  const cluster = createCluster({ now: () => now() + shift });
  const kubelet = createKubelet({ rootDir, cluster, node: { name: 'node-1', uid: randomUUID() }, mounts });
  const nextSync = new Map<string, number>();

  const run = (options: PodOptions, age = 0): Pod => {
    shift = -age;
    try {
      const pod = createPod(cluster, options);
      kubelet.run(pod);
      return pod;
    } finally {
      shift = 0;
    }
  };

  const keepFresh = ({ metadata }: Pod, age = 0): void => {
    nextSync.set(metadata.uid, now() + SYNC_SECONDS - (age % SYNC_SECONDS));
  };

  const tick = (): void => {
    for (const [uid, due] of nextSync) {
      if (now() < due) continue;
      kubelet.sync(uid);
      nextSync.set(uid, due + SYNC_SECONDS);
    }
  };
  return { cluster, kubelet, run, keepFresh, forget: (podUid) => void nextSync.delete(podUid), tick };
}
