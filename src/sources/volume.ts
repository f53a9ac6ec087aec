/**
 * Reads one volume: the generation `..data` points to, and every token in it.
 *
 * Layout: k8s.io/kubernetes/pkg/volume/util/atomic_writer.go. Knows nothing of earlier readings, watches or pods
 * other than the one it names in what it reports.
 */
import { readlinkSync } from 'node:fs';
import type { Unreadable } from '../core/observation.ts';
import { isTokenPlace } from '../core/places.ts';
import type { FileFacts, TokenClaims, VolumeKind } from '../core/token.ts';
import { type Entry, listFolder, statFolder } from './directory.ts';
import { type Failure, failureOf, unreadableAt } from './failures.ts';
import { join, nameOf, type Path } from './paths.ts';
import { readTokenFile } from './token-file.ts';

export interface VolumePlace {
  readonly podUid: string;
  readonly volume: string;
  readonly volumeKind: VolumeKind;
  readonly folder: Path;
  /** The link `..data` in the folder. */
  readonly link: Path;
}

export interface FoundToken {
  readonly path: string;
  readonly claims: TokenClaims;
  readonly file: FileFacts;
}

export interface VolumeReading {
  readonly tokens: readonly FoundToken[];
  readonly unreadable: readonly Unreadable[];
}

/** A volume holds a Secret or a few sources, of 1 MiB at most; beyond this nothing of it is looked at. */
const MAX_FILES = 16_384;
/** Bounds what one volume, whose Secret anybody may have filled, adds to the metrics. */
const MAX_TOKENS = 128;
const MAX_DEPTH = 16;
const MAX_TRIES = 4;

export type Generation = { readonly ok: true; readonly name: string } | ({ readonly ok: false } & Failure);

/** The name of the folder `..data` points to: one right beside it, or a failure. One system call. */
export function readGeneration({ link }: VolumePlace): Generation {
  try {
    const name = readlinkSync(link, 'latin1');
    if (name.startsWith('..') && name.length > 2 && name !== '..data' && !name.includes('/'))
      return { ok: true, name };
    return { ok: false, reason: 'bad_link', detail: '..data does not point to a folder beside it' };
  } catch (error) {
    return { ok: false, ...generationFailure(failureOf(error)) };
  }
}

function generationFailure(failure: Failure): Failure {
  if (failure.reason === 'vanished')
    return { reason: 'not_mounted', detail: 'the volume is empty: not mounted, or not visible here' };
  if (failure.detail === 'EINVAL') return { reason: 'bad_link', detail: '..data is not a link' };
  return failure;
}

/** One walk through one generation. */
interface Walk {
  readonly place: VolumePlace;
  readonly device: number;
  readonly wereTokens: ReadonlySet<string>;
  readonly tokens: FoundToken[];
  readonly unreadable: Unreadable[];
  files: number;
}

function report(walk: Walk, failure: Failure, path: string): void {
  const { podUid, volume } = walk.place;
  walk.unreadable.push(unreadableAt({ podUid, volume, path }, failure));
}

function isFull(walk: Walk): boolean {
  return walk.files > MAX_FILES || walk.tokens.length + walk.unreadable.length >= MAX_TOKENS;
}

function visitFile(walk: Walk, file: Path, path: string): void {
  const { place } = walk;
  const isExpected = walk.wereTokens.has(path) || isTokenPlace(place.volumeKind, place.volume, path);
  const reading = readTokenFile(file, walk.device, isExpected);
  if (reading.status === 'failed') report(walk, reading, path);
  if (reading.status === 'token') walk.tokens.push({ path, claims: reading.claims, file: reading.file });
}

function visit(walk: Walk, entry: Entry, folder: Path, prefix: string, depth: number): void {
  const path = `${prefix}${entry.name}`;
  switch (entry.kind) {
    case 'file':
      visitFile(walk, join(folder, entry.raw), path);
      return;
    case 'directory':
      visitFolder(walk, join(folder, entry.raw), `${path}/`, depth + 1);
      return;
    case 'link':
      report(walk, { reason: 'bad_link', detail: 'a link where the kubelet writes files' }, path);
      return;
    case 'other':
      report(walk, { reason: 'not_a_file', detail: 'not a regular file' }, path);
  }
}

function visitFolder(walk: Walk, folder: Path, prefix: string, depth: number): void {
  const path = prefix.slice(0, -1);
  if (depth > MAX_DEPTH) {
    report(walk, { reason: 'too_deep', detail: `deeper than ${MAX_DEPTH} folders` }, path);
    return;
  }
  const listing = listFolder(folder);
  if (!listing.ok) {
    report(walk, listing, path);
    return;
  }
  for (const entry of listing.entries) {
    walk.files += 1;
    if (isFull(walk)) return;
    visit(walk, entry, folder, prefix, depth);
  }
}

function fullness(walk: Walk): Failure {
  if (walk.files > MAX_FILES)
    return { reason: 'too_many_files', detail: `more than ${MAX_FILES} files; the rest is not read` };
  return { reason: 'too_many_tokens', detail: `more than ${MAX_TOKENS} tokens; the rest is not read` };
}

function readOnce(place: VolumePlace, generation: string, wereTokens: ReadonlySet<string>): VolumeReading {
  const folder = join(place.folder, nameOf(generation).raw);
  const found = statFolder(folder);
  if (!found.ok) return { tokens: [], unreadable: [unreadableAt(place, found)] };
  const walk: Walk = { place, device: found.stats.dev, wereTokens, tokens: [], unreadable: [], files: 0 };
  visitFolder(walk, folder, '', 0);
  if (isFull(walk)) report(walk, fullness(walk), '');
  return walk;
}

/**
 * Reads the volume's generation, and the one that took its place where it was swapped under our feet.
 *
 * `wereTokens`: paths that held a token before, so that anything else there now is a failure. Answers what it
 * read and the generation it read it from.
 */
export function readVolume(
  place: VolumePlace,
  generation: string,
  wereTokens: ReadonlySet<string>,
): { readonly generation: string; readonly reading: VolumeReading } {
  for (let attempt = 1; ; attempt += 1) {
    const reading = readOnce(place, generation, wereTokens);
    if (attempt === MAX_TRIES || !reading.unreadable.some(({ reason }) => reason === 'vanished'))
      return { generation, reading };
    const next = readGeneration(place);
    if (!next.ok || next.name === generation) return { generation, reading };
    generation = next.name;
  }
}
