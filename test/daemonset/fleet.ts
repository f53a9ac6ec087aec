/**
 * A node whose pods have 1,000 tokens with 20 different owners and modes, as written by a kubelet.
 *
 * The pods folder is a shared mount, as on a real node.
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

/** Owners and modes by the rules of the kubelet: readable by all, by root, by a user, by a user and a group. */
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
  /** The pods folder of the kubelet. */
  readonly pods: string;
  readonly exporter: Pod;
  readonly world: World;
  /** Tokens that UID 0 cannot read without capabilities, as `pod UID/volume/path`. */
  readonly foreign: () => readonly string[];
  /** Starts another pod with a token of another owner. */
  readonly runAnother: () => Pod;
  readonly remove: () => void;
}

/** Returns only token files that belong to other users and are not world-readable. */
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
