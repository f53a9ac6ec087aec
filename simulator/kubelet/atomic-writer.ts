/**
 * Writes the files of a volume the way the kubelet's AtomicWriter does: a new folder, then one rename.
 *
 * Modeled on what the kubelet leaves on disk; k8s.io/kubernetes/pkg/volume/util/atomic_writer.go lists the steps.
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
  /** Owner; root if undefined. */
  readonly uid: number | undefined;
}

/** Files by their path in the volume. */
export type Payload = ReadonlyMap<string, VolumeFile>;

export interface WriteOptions {
  /** Epoch seconds, for the name of the folder and the modification times of the files. */
  readonly now: number;
  readonly fsGroup: number | undefined;
  /** Owners are set only if the process runs as root. */
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

/** The kubelet compares the files on disk with the payload and skips the write if they are equal. */
function isUpToDate(folder: string, payload: Payload): boolean {
  try {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    return (
      files.length === payload.size &&
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

/** k8s.io/kubernetes/pkg/volume, SetVolumeOwnership: the group may read all of a read-only volume. */
function setGroupOwnership(path: string, fsGroup: number): void {
  const stats = lstatSync(path);
  lchownSync(path, stats.uid, fsGroup);
  if (stats.isSymbolicLink()) return;
  chmodSync(path, (stats.mode & 0o7777) | (stats.isDirectory() ? 0o2550 : 0o440));
  if (stats.isDirectory()) for (const name of readdirSync(path)) setGroupOwnership(join(path, name), fsGroup);
}

function createLinks(volume: string, payload: Payload, isRoot: boolean): void {
  const existing = new Set(readdirSync(volume));
  for (const [path, { uid }] of payload) {
    const name = firstComponent(path);
    if (existing.has(name)) continue;
    existing.add(name);
    symlinkSync(`..data/${name}`, join(volume, name));
    if (isRoot && uid !== undefined) lchownSync(join(volume, name), uid, lstatSync(join(volume, name)).gid);
  }
}

function removeStaleLinks(volume: string, payload: Payload): void {
  const expected = new Set([...payload.keys()].map(firstComponent));
  for (const name of readdirSync(volume)) {
    if (!name.startsWith('..') && !expected.has(name)) unlinkSync(join(volume, name));
  }
}

/** Makes the mounted folder `volume` hold exactly the payload. Returns whether anything was written. */
export function writeAtomically(volume: string, payload: Payload, options: WriteOptions): boolean {
  const before = currentGeneration(volume);
  if (before !== undefined && isUpToDate(join(volume, before), payload)) return false;
  const generation = generationName(options.now);
  writeGeneration(join(volume, generation), payload, options);
  if (options.isRoot && options.fsGroup !== undefined) setGroupOwnership(volume, options.fsGroup);
  swapData(volume, generation);
  createLinks(volume, payload, options.isRoot);
  removeStaleLinks(volume, payload);
  if (before !== undefined) rmSync(join(volume, before), { recursive: true, force: true });
  return true;
}

/** Points `..data` at a generation with one rename. Replaces a `..data_tmp` left over from a crash. */
export function swapData(volume: string, generation: string): void {
  const temporary = join(volume, '..data_tmp');
  rmSync(temporary, { force: true });
  symlinkSync(generation, temporary);
  renameSync(temporary, join(volume, '..data'));
}
