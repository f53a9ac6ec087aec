/**
 * A simulated node with 250 pods of four token volumes each, on tmpfs mounts if the process may mount.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseMounts } from '../simulator/kubelet/mounts.ts';
import type { Pod } from '../simulator/objects.ts';
import { tokenVolume } from '../simulator/pods.ts';
import { createWorld, type World } from '../simulator/world.ts';

export interface BenchNode {
  readonly rootDir: string;
  readonly world: World;
  readonly pods: readonly Pod[];
  /** The mount points of all volumes. */
  readonly volumes: readonly string[];
  readonly close: () => void;
}

const PODS = 250;
const OWN_VOLUMES = ['vault', 'aws', 'istio'];

export function createBenchNode(): BenchNode {
  const rootDir = mkdtempSync(join(tmpdir(), 'satoken-bench-'));
  const world = createWorld({ rootDir, mounts: chooseMounts(rootDir), now: () => Date.now() / 1_000 });
  const own = OWN_VOLUMES.map((name) =>
    tokenVolume(name, { path: 'token', audience: name, expirationSeconds: 7_200 }),
  );
  const pods = Array.from({ length: PODS }, (_, index) =>
    world.run({ name: `pod-${index}`, serviceAccount: `account-${index % 40}`, volumes: own }, 60),
  );
  const volumes = pods.flatMap(({ metadata, spec }) =>
    (spec.volumes ?? []).map(({ name }) => world.kubelet.volumeFolder(metadata.uid, name)),
  );
  const close = (): void => {
    world.kubelet.close();
    rmSync(rootDir, { recursive: true, force: true });
  };
  return { rootDir, world, pods, volumes, close };
}
