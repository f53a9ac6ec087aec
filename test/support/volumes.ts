/**
 * A kubelet's folder of pods on a real file system, to be filled, rotated and broken.
 *
 * A volume is a tmpfs of its own where root may mount, a plain folder elsewhere; `KIND_OF_MOUNT` says which, for
 * titles. Everything is unmounted and removed by `remove`.
 */
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { swapData, writeAtomically } from '../../simulator/kubelet/atomic-writer.ts';
import { chooseMounts, type Mounts } from '../../simulator/kubelet/mounts.ts';
import type { VolumePlace } from '../../src/sources/files/generation.ts';
import { jwt, POD_UID, rawClaims } from './tokens.ts';

export type Files = Readonly<Record<string, string | Buffer>>;

export interface TestVolume {
  readonly place: VolumePlace & { readonly folder: string };
  /** The folder that `..data` points to now. */
  readonly generation: () => string;
  /** Replaces all files as the kubelet does. */
  readonly write: (files: Readonly<Record<string, string>>) => void;
  /** Makes a generation of any bytes, points `..data` to it, and leaves the one before. */
  readonly fill: (files: Files) => void;
  readonly unmount: () => void;
  readonly mount: () => void;
}

interface VolumeOptions {
  readonly podUid: string;
  readonly name: string;
  readonly plugin: 'projected' | 'secret';
  readonly isMounted: boolean;
}

export interface TestNode {
  readonly rootDir: string;
  readonly pods: string;
  /** A mounted, empty projected volume `vault-token` of the usual pod, unless stated otherwise. */
  readonly volume: (options?: Partial<VolumeOptions>) => TestVolume;
  /** Unmounts and removes everything. */
  readonly remove: () => void;
}

const isRoot = process.getuid?.() === 0;
const scratch = mkdtempSync(join(tmpdir(), 'satoken-probe-'));
const mounts: Mounts = chooseMounts(scratch);
rmSync(scratch, { recursive: true });
export const KIND_OF_MOUNT = mounts.isReal ? 'on tmpfs mounts' : 'on plain folders';

let generations = 0;

function fill(folder: string, files: Files): void {
  generations += 1;
  const generation = `..2026_11_24_00_00_00.${generations}`;
  mkdirSync(join(folder, generation));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, generation, path)), { recursive: true });
    writeFileSync(join(folder, generation, path), content);
  }
  swapData(folder, generation);
}

function createVolume(pods: string, options: VolumeOptions): TestVolume {
  const { podUid, name, plugin } = options;
  const folder = join(pods, podUid, 'volumes', `kubernetes.io~${plugin}`, name);
  const mount = (): void => mounts.mount(folder);
  const unmount = (): void => mounts.unmount(folder);
  if (options.isMounted) mount();
  else mkdirSync(folder, { recursive: true });
  const place = { podUid, volume: name, volumeKind: plugin, folder, link: join(folder, '..data') };
  const write = (files: Readonly<Record<string, string>>): void => {
    const payload = Object.entries(files).map(
      ([path, content]) => [path, { content, mode: 0o644, uid: undefined }] as const,
    );
    writeAtomically(folder, new Map(payload), { now: Date.now() / 1_000, fsGroup: undefined, isRoot });
  };
  const generation = (): string => join(folder, readlinkSync(place.link));
  return { place, generation, write, fill: (files) => fill(folder, files), unmount, mount };
}

/** Mount points below a folder, the innermost first: wherever a test has left or moved them. */
function mountPointsBelow(folder: string): readonly string[] {
  const points = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');
  return points.filter((point) => point.startsWith(`${folder}/`)).reverse();
}

function remove(rootDir: string): void {
  for (const point of mountPointsBelow(rootDir)) execFileSync('umount', [point]);
  rmSync(rootDir, { recursive: true, force: true });
  roots.delete(rootDir);
}

/** Those of tests that did not come to their end, because they were interrupted perhaps. */
const roots = new Set<string>();
process.once('exit', () => {
  for (const rootDir of roots) remove(rootDir);
});
process.once('SIGTERM', () => process.exit(143));

export function createNode(): TestNode {
  const rootDir = mkdtempSync(join(tmpdir(), 'satoken-node-'));
  roots.add(rootDir);
  const pods = join(rootDir, 'pods');
  mkdirSync(pods);
  const volume = (options: Partial<VolumeOptions> = {}): TestVolume => {
    const usual = { podUid: POD_UID, name: 'vault-token', plugin: 'projected', isMounted: true } as const;
    return createVolume(pods, { ...usual, ...options });
  };
  return { rootDir, pods, volume, remove: () => remove(rootDir) };
}

/** A token with an id of its own, so that each is a rotation to the one before. */
export function nextToken(overrides: Readonly<Record<string, unknown>> = {}): string {
  generations += 1;
  return jwt(rawClaims({ jti: `token-${generations}`, ...overrides }));
}

/** Makes a symbolic link, and answers where it lies. */
export function link(target: string, path: string): string {
  symlinkSync(target, path);
  return path;
}
