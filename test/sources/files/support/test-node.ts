/**
 * A kubelet's pods directory on a real file system, to be filled, rotated and broken.
 *
 * A volume is a tmpfs of its own if mounting is possible (`KIND_OF_MOUNT` says so, for titles), otherwise a plain
 * directory. `remove` unmounts and removes everything.
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
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach } from 'mocha';
import { swapData, writeAtomically } from '../../../../simulator/kubelet/atomic-writer.ts';
import { chooseMounts, type Mounts } from '../../../../simulator/kubelet/mounts.ts';
import type { Unreadable } from '../../../../src/core/observation.ts';
import type { VolumeLocation } from '../../../../src/sources/files/content.ts';
import { createMountPoints } from '../../../../src/sources/files/mounts/mount-points.ts';
import { NO_SCOPE } from '../../../../src/sources/files/pods/pod-limits.ts';
import { createPodsRoot } from '../../../../src/sources/files/pods/pods-root.ts';
import type { Steps } from '../../../../src/sources/files/slices.ts';
import { createVolume, type Volume } from '../../../../src/sources/files/volume.ts';
import { walkGeneration } from '../../../../src/sources/files/walk.ts';
import { createWatches } from '../../../../src/sources/files/watch.ts';
import { jwt, POD_UID, rawClaims } from '../../../support/tokens.ts';

export type Files = Readonly<Record<string, string | Buffer>>;

export interface TestVolume {
  readonly location: VolumeLocation & { readonly directory: string; readonly link: string };
  /** The directory that `..data` points to now. */
  readonly generation: () => string;
  /** Replaces all files the way the kubelet does. */
  readonly write: (files: Readonly<Record<string, string>>) => void;
  /** Adds a generation of any bytes, points `..data` to it, and keeps the previous generation. */
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
  /** By default a mounted, empty projected volume `vault-token` of the pod `POD_UID`. */
  readonly volume: (options?: Partial<VolumeOptions>) => TestVolume;
  /** Unmounts and removes everything. */
  readonly remove: () => void;
}

export const OTHER_POD = 'b5d3c6a0-7c0e-4b8a-8f57-2f1b3f0a9c11';

const isRoot = process.getuid?.() === 0;
const scratch = mkdtempSync(join(tmpdir(), 'satoken-probe-'));
const mounts: Mounts = chooseMounts(scratch);
rmSync(scratch, { recursive: true });
export const KIND_OF_MOUNT = mounts.isReal ? 'on tmpfs mounts' : 'on plain directories';

let generations = 0;

function fill(directory: string, files: Files): void {
  generations += 1;
  const generation = `..2026_11_24_00_00_00.${generations}`;
  mkdirSync(join(directory, generation));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, generation, path)), { recursive: true });
    writeFileSync(join(directory, generation, path), content);
  }
  swapData(directory, generation);
}

function createTestVolume(pods: string, options: VolumeOptions): TestVolume {
  const { podUid, name, plugin } = options;
  const directory = join(pods, podUid, 'volumes', `kubernetes.io~${plugin}`, name);
  const mount = (): void => mounts.mount(directory);
  const unmount = (): void => mounts.unmount(directory);
  if (options.isMounted) mount();
  else mkdirSync(directory, { recursive: true });
  const link = join(directory, '..data');
  const write = (files: Readonly<Record<string, string>>): void => {
    const payload = Object.entries(files).map(
      ([path, content]) => [path, { content, mode: 0o644, uid: undefined }] as const,
    );
    writeAtomically(directory, new Map(payload), { now: Date.now() / 1_000, fsGroup: undefined, isRoot });
  };
  return {
    location: { podUid, volume: name, volumeKind: plugin, directory, link, root: createPodsRoot(pods) },
    generation: () => join(directory, readlinkSync(link)),
    write,
    fill: (files) => fill(directory, files),
    unmount,
    mount,
  };
}

/** Mount points below a directory, the innermost first. */
function mountPointsBelow(directory: string): readonly string[] {
  const points = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');
  return points.filter((point) => point.startsWith(`${directory}/`)).reverse();
}

function remove(rootDir: string): void {
  for (const point of mountPointsBelow(rootDir)) execFileSync('umount', [point]);
  rmSync(rootDir, { recursive: true, force: true });
  roots.delete(rootDir);
}

/** Those of interrupted tests are removed when the process exits. */
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
    const defaults = { podUid: POD_UID, name: 'vault-token', plugin: 'projected', isMounted: true } as const;
    return createTestVolume(pods, { ...defaults, ...options });
  };
  return { rootDir, pods, volume, remove: () => remove(rootDir) };
}

/**
 * A set-up that gives each test a node of its own. Call the returned function in a suite: hooks at the top level of a file
 * would run for all files. `tearDown` runs before the node is removed.
 */
export function onFreshNode(setUp: (node: TestNode) => void, tearDown = (): void => undefined): () => void {
  return () => {
    let node: TestNode;
    beforeEach(() => {
      node = createNode();
      setUp(node);
    });
    afterEach(() => {
      tearDown();
      node.remove();
    });
  };
}

/** A token with an id of its own, so that each one is a rotation of the one before. */
export function nextToken(overrides: Readonly<Record<string, unknown>> = {}): string {
  generations += 1;
  return jwt(rawClaims({ jti: `token-${generations}`, ...overrides }));
}

/** Makes a symbolic link, and returns its path. */
export function link(target: string, path: string): string {
  symlinkSync(target, path);
  return path;
}

/** Runs work without interruption. */
export function complete<T>(steps: Steps<T>): T {
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}

/** An unreadable object in one line. */
export function lineOf({ podUid, volume, path, reason }: Unreadable): string {
  return `${[podUid, volume, path].filter((part) => part !== '').join('/')}: ${reason}`;
}

/** Walks the volume's generation. Returns the paths of tokens, and the unreadable objects relative to the volume. */
export function walk(
  volume: TestVolume,
  wasToken: (path: string) => boolean = () => false,
  scope = NO_SCOPE,
): { readonly tokens: readonly string[]; readonly unreadable: readonly string[] } {
  const { location, generation } = volume;
  const { tokens, unreadable } = complete(walkGeneration(location, basename(generation()), wasToken, scope));
  const prefix = new RegExp(`^${location.podUid}/${location.volume}/?`);
  return {
    tokens: tokens.map(({ path }) => path),
    unreadable: unreadable.map((object) => lineOf(object).replace(prefix, '')),
  };
}

/** Walks the volume's generation. Returns the paths of the files that hold no token, and why. */
export function walkOthers({ location, generation }: TestVolume): readonly string[] {
  const { others } = complete(walkGeneration(location, basename(generation()), () => false));
  return others.map(({ path, reason }) => `${path}: ${reason}`);
}

/** The location of a volume that loses every race: `swap` is called before each reading of a generation. */
export function swappedBefore({ location }: TestVolume, swap: () => void): TestVolume['location'] {
  const { directory } = location;
  return {
    ...location,
    get directory() {
      swap();
      return directory;
    },
  };
}

/** The volume as the source sees it, without a watch: for `readChanges`. */
export function unwatched({ location }: Pick<TestVolume, 'location'>): Volume {
  const nothing = (): void => undefined;
  const watches = createWatches({ isEnabled: false, onFailure: nothing });
  return createVolume(location, {
    watches,
    mountPoints: createMountPoints({ now: () => 0 }),
    onNudge: nothing,
    onRotation: nothing,
    onReadFailure: nothing,
    now: () => 0,
    scopeOf: () => NO_SCOPE,
  });
}
