/**
 * A kubelet's folder of pods on a real file system, to be filled, rotated and broken, and a source that looks at it.
 *
 * A volume is a tmpfs of its own where root may mount, a plain folder elsewhere; `KIND_OF_MOUNT` says which, for
 * titles. Everything is unmounted and removed by `remove`.
 */
import { EventEmitter, once } from 'node:events';
import { mkdirSync, mkdtempSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ReadFailure, Unreadable } from '../../src/core/observation.ts';
import { swapData, writeAtomically } from '../../src/simulator/atomic-writer.ts';
import { chooseMounts, type Mounts } from '../../src/simulator/mounts.ts';
import type { VolumePlace } from '../../src/sources/pod-volumes.ts';
import { createTokenFiles, type TokenFiles } from '../../src/sources/token-files.ts';
import type { Rotation } from '../../src/sources/volume-state.ts';
import type { WatchFailure } from '../../src/sources/watch.ts';
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
export const mounts: Mounts = chooseMounts(scratch);
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

function createVolume(pods: string, mounted: Set<string>, options: VolumeOptions): TestVolume {
  const { podUid, name, plugin } = options;
  const folder = join(pods, podUid, 'volumes', `kubernetes.io~${plugin}`, name);
  const mount = (): void => {
    mounts.mount(folder);
    mounted.add(folder);
  };
  const unmount = (): void => {
    if (mounted.delete(folder)) mounts.unmount(folder);
  };
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

export function createNode(): TestNode {
  const rootDir = mkdtempSync(join(tmpdir(), 'satoken-node-'));
  const pods = join(rootDir, 'pods');
  mkdirSync(pods);
  const mounted = new Set<string>();
  const volume = (options: Partial<VolumeOptions> = {}): TestVolume => {
    const usual = { podUid: POD_UID, name: 'vault-token', plugin: 'projected', isMounted: true } as const;
    return createVolume(pods, mounted, { ...usual, ...options });
  };
  const remove = (): void => {
    for (const folder of mounted) mounts.unmount(folder);
    mounted.clear();
    rmSync(rootDir, { recursive: true, force: true });
  };
  return { rootDir, pods, volume, remove };
}

/** A token with an id of its own, so that each is a rotation to the one before. */
export function nextToken(overrides: Readonly<Record<string, unknown>> = {}): string {
  generations += 1;
  return jwt(rawClaims({ jti: `token-${generations}`, ...overrides }));
}

export interface TestSource extends TokenFiles {
  readonly rotations: readonly Rotation[];
  readonly readFailures: readonly ReadFailure[];
  /** To be emptied by whoever has seen them. */
  readonly watchFailures: WatchFailure[];
  /** Resolves at the next nudge: to be called before what causes it. */
  readonly nudge: () => Promise<unknown>;
  /** Sets the clock forward, or back. */
  readonly shiftClock: (seconds: number) => void;
  /** What an observation says in one line per object. */
  readonly seen: () => { readonly tokens: readonly string[]; readonly unreadable: readonly string[] };
}

export function lineOf({ podUid, volume, path, reason }: Unreadable): string {
  return `${[podUid, volume, path].filter((part) => part !== '').join('/')}: ${reason}`;
}

interface SourceOptions {
  readonly isWatching: boolean;
  /** Called in the middle of the look that finds a rotation. */
  readonly onRotation: () => void;
}

/** A source that remembers what it was told. It does nothing by itself: tests say when to look. */
export function createSource(
  rootDir: string,
  { isWatching = false, onRotation = () => undefined }: Partial<SourceOptions> = {},
): TestSource {
  const [rotations, readFailures, watchFailures]: [Rotation[], ReadFailure[], WatchFailure[]] = [[], [], []];
  const events = new EventEmitter();
  let shift = 0;
  const source = createTokenFiles({
    rootDir,
    isWatching,
    now: () => Date.now() / 1_000 + shift,
    onNudge: () => events.emit('nudge'),
    onRotation: (rotation) => {
      rotations.push(rotation);
      onRotation();
    },
    onReadFailure: (reason) => readFailures.push(reason),
    onWatchFailure: (reason) => watchFailures.push(reason),
  });
  const seen = () => {
    const { tokens, unreadable } = source.observe();
    return {
      tokens: tokens.map(({ identity, claims }) => `${identity.volume}/${identity.path} ${claims.id}`).sort(),
      unreadable: unreadable.map(lineOf).sort(),
    };
  };
  return {
    ...source,
    rotations,
    readFailures,
    watchFailures,
    nudge: () => once(events, 'nudge'),
    shiftClock: (seconds) => {
      shift += seconds;
    },
    seen,
  };
}

/** Makes a symbolic link, and answers where it lies. */
export function link(target: string, path: string): string {
  symlinkSync(target, path);
  return path;
}
