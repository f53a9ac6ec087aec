/**
 * Writes the files of a volume the way the kubelet's AtomicWriter does: a new folder, then one rename.
 *
 * Written from what the kubelet leaves on disk (k8s.io/kubernetes/pkg/volume/util/atomic_writer.go names the steps).
 * Knows nothing of what is in the files.
 */
import {
  chmodSync,
  chownSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

export interface VolumeFile {
  readonly content: string;
  readonly mode: number;
  /** Owner; root where undefined. */
  readonly uid: number | undefined;
}

/** Files by their path in the volume. */
export type Payload = ReadonlyMap<string, VolumeFile>;

export interface WriteOptions {
  /** Epoch seconds, for the folder's name and the files' times. */
  readonly now: number;
  readonly fsGroup: number | undefined;
  /** Whether owners can be set: they cannot by anybody but root. */
  readonly isRoot: boolean;
}

const MAX_RANDOM = 2 ** 32;

/** `..2026_11_24_00_12_43.1104787729`. */
function generationName(now: number): string {
  const stamp = new Date(now * 1_000).toISOString().slice(0, 19).replace(/[-T:]/g, '_');
  return `..${stamp}.${Math.floor(Math.random() * MAX_RANDOM)}`;
}

function currentGeneration(volume: string): string | undefined {
  try {
    return readlinkSync(join(volume, '..data'));
  } catch {
    return undefined;
  }
}

/** The kubelet re-reads what it wrote, and leaves a volume alone whose every file is as it should be. */
function isUpToDate(folder: string, payload: Payload): boolean {
  try {
    const there = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    return (
      there.length === payload.size &&
      [...payload].every(([path, { content }]) => readFileSync(join(folder, path), 'utf8') === content)
    );
  } catch {
    return false;
  }
}

function firstComponent(path: string): string {
  return path.split('/')[0] ?? path;
}

function writeGeneration(folder: string, payload: Payload, { now, isRoot }: WriteOptions): void {
  mkdirSync(folder);
  chmodSync(folder, 0o755);
  for (const [path, { content, mode, uid }] of payload) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
    writeFileSync(file, content, { mode });
    chmodSync(file, mode);
    if (isRoot && uid !== undefined) chownSync(file, uid, 0);
    utimesSync(file, now, now);
  }
}

/** k8s.io/kubernetes/pkg/volume, SetVolumeOwnership of a read-only volume: the group may read everything. */
function giveToGroup(path: string, fsGroup: number): void {
  const stats = lstatSync(path);
  lchownSync(path, stats.uid, fsGroup);
  if (stats.isSymbolicLink()) return;
  chmodSync(path, (stats.mode & 0o7777) | (stats.isDirectory() ? 0o2550 : 0o440));
  if (stats.isDirectory()) for (const name of readdirSync(path)) giveToGroup(join(path, name), fsGroup);
}

function linkVisible(volume: string, payload: Payload, isRoot: boolean): void {
  const there = new Set(readdirSync(volume));
  for (const [path, { uid }] of payload) {
    const name = firstComponent(path);
    if (there.has(name)) continue;
    there.add(name);
    symlinkSync(`..data/${name}`, join(volume, name));
    if (isRoot && uid !== undefined) lchownSync(join(volume, name), uid, lstatSync(join(volume, name)).gid);
  }
}

function removeStaleLinks(volume: string, payload: Payload): void {
  const wanted = new Set([...payload.keys()].map(firstComponent));
  for (const name of readdirSync(volume)) {
    if (!name.startsWith('..') && !wanted.has(name)) unlinkSync(join(volume, name));
  }
}

/**
 * Makes `volume`, a mounted folder, hold exactly the payload. Answers whether anything had to be written.
 */
export function writeAtomically(volume: string, payload: Payload, options: WriteOptions): boolean {
  const before = currentGeneration(volume);
  if (before !== undefined && isUpToDate(join(volume, before), payload)) return false;
  const generation = generationName(options.now);
  writeGeneration(join(volume, generation), payload, options);
  if (options.isRoot && options.fsGroup !== undefined) giveToGroup(volume, options.fsGroup);
  swapData(volume, generation);
  linkVisible(volume, payload, options.isRoot);
  removeStaleLinks(volume, payload);
  if (before !== undefined) rmSync(join(volume, before), { recursive: true, force: true });
  return true;
}

/** Points `..data` at a generation in one rename; a link left over from a crash gives way. */
export function swapData(volume: string, generation: string): void {
  const temporary = join(volume, '..data_tmp');
  rmSync(temporary, { force: true });
  symlinkSync(generation, temporary);
  renameSync(temporary, join(volume, '..data'));
}
