/**
 * A node whose pods have 1,000 tokens of 20 owners and modes, as a kubelet writes them for them.
 *
 * Its folder of pods is a mount that passes on what is mounted in it, as that of a real node.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseMounts } from '../../simulator/kubelet/mounts.ts';
import type { Pod, Volume } from '../../simulator/objects.ts';
import type { PodOptions } from '../../simulator/pods.ts';
import { createWorld, type World } from '../../simulator/world.ts';

const KINDS = 20;
const PODS_OF_A_KIND = 5;
const VOLUMES = 2;
const TOKENS = 5;
export const TOKENS_IN_FLEET = KINDS * PODS_OF_A_KIND * VOLUMES * TOKENS;

/** Owner and mode by the kubelet's rules: root's for all, root's alone, a user's own, a user's and a group's. */
function ownership(kind: number): Pick<PodOptions, 'runAsUser' | 'fsGroup'> {
  if (kind < 2) return {};
  return kind % 2 === 0 ? { runAsUser: 1_000 + kind } : { runAsUser: 1_000 + kind, fsGroup: 2_000 + kind };
}

function volume(name: string, kind: number, tokens: number): Volume {
  const sources = Array.from({ length: tokens }, (_, index) => ({
    serviceAccountToken: { path: `token-${index}`, audience: `audience-${index}`, expirationSeconds: 3_600 },
  }));
  return { name, projected: { sources, ...(kind === 1 ? { defaultMode: 0o400 } : {}) } };
}

export interface Fleet {
  /** The kubelet's folder of pods. */
  readonly pods: string;
  readonly exporter: Pod;
  readonly world: World;
  /** `pod uid/volume/path` of tokens that uid 0 cannot read by their mode. */
  readonly foreign: () => readonly string[];
  /** Starts one more pod of another owner, with a token. */
  readonly runAnother: () => Pod;
  readonly remove: () => void;
}

/** Every token file, with the folder links and all that is no token left out. */
function foreignTokens(pods: string): readonly string[] {
  return readdirSync(pods).flatMap((uid) => {
    const base = join(pods, uid, 'volumes/kubernetes.io~projected');
    return readdirSync(base).flatMap((name) =>
      readdirSync(join(base, name))
        .filter((path) => path.startsWith('token'))
        .filter((path) => {
          const { uid: owner, mode } = statSync(join(base, name, path));
          return owner !== 0 && (mode & 0o004) === 0;
        })
        .map((path) => `${uid}/${name}/${path}`),
    );
  });
}

export function createFleet(canary: Volume): Fleet {
  const rootDir = mkdtempSync(join(tmpdir(), 'satoken-fleet-'));
  const pods = join(rootDir, 'pods');
  mkdirSync(pods);
  execFileSync('mount', ['--bind', pods, pods]);
  execFileSync('mount', ['--make-shared', pods]);
  const world = createWorld({ rootDir, mounts: chooseMounts(rootDir), now: () => Date.now() / 1_000 });
  const run = (name: string, kind: number, volumes: readonly Volume[]): Pod =>
    world.run({ name, isAutomounted: false, volumes, ...ownership(kind) });
  for (let index = 0; index < KINDS * PODS_OF_A_KIND; index += 1) {
    const kind = index % KINDS;
    run(
      `pod-${index}`,
      kind,
      Array.from({ length: VOLUMES }, (_, number) => volume(`volume-${number}`, kind, TOKENS)),
    );
  }
  return {
    pods,
    exporter: run('exporter', 0, [canary]),
    world,
    foreign: () => foreignTokens(pods),
    runAnother: () => run('another', 2, [volume('volume', 2, 1)]),
    remove: () => {
      world.kubelet.close();
      execFileSync('umount', [pods]);
      rmSync(rootDir, { recursive: true });
    },
  };
}
