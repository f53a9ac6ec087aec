/**
 * Walks through one generation of a volume and reads every token in it.
 *
 * Bounded in files, tokens and depth; links are never followed. Knows nothing of other generations, of earlier
 * readings or of watches.
 */
import { readlinkSync } from 'node:fs';
import { isTokenPath } from '../../core/catalogue.ts';
import type { Unreadable } from '../../core/observation.ts';
import type { FileFacts, TokenClaims, VolumeKind } from '../../core/token.ts';
import { type Entry, listFolder, statFolder } from './directory.ts';
import { type Failure, failureOf, MOUNTED_OVER, NOT_A_FILE, unreadableAt } from './failures.ts';
import { join, type Path } from './paths.ts';
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

export interface Content {
  readonly tokens: readonly FoundToken[];
  readonly unreadable: readonly Unreadable[];
}

/** Whether a path held a token before, so that anything else there now is a failure. */
export type WasToken = (path: string) => boolean;

/** A volume holds a Secret or a few sources, of 1 MiB at most; beyond this nothing of it is looked at. */
export const MAX_FILES = 16_384;
/** Bounds what one volume, whose Secret anybody may have filled, adds to the metrics. */
export const MAX_TOKENS = 128;
export const MAX_DEPTH = 16;

const A_LINK: Failure = { reason: 'bad_link', detail: 'a link where the kubelet writes files' };
const TOO_DEEP: Failure = { reason: 'too_deep', detail: `deeper than ${MAX_DEPTH} folders` };
const TOO_MANY_FILES: Failure = {
  reason: 'too_many_files',
  detail: `more than ${MAX_FILES} files; the rest is not read`,
};
const TOO_MANY_TOKENS: Failure = {
  reason: 'too_many_tokens',
  detail: `more than ${MAX_TOKENS} tokens; the rest is not read`,
};

interface Walk {
  readonly place: VolumePlace;
  readonly device: number;
  readonly wasToken: WasToken;
  readonly tokens: FoundToken[];
  readonly unreadable: Unreadable[];
  files: number;
  isCut: boolean;
}

/** A folder on the way, and the path of what is in it: '' or one that ends in a slash. */
interface Folder {
  readonly path: Path;
  readonly prefix: string;
  readonly depth: number;
}

function cut(walk: Walk, failure: Failure): void {
  const { podUid, volume } = walk.place;
  walk.isCut = true;
  walk.unreadable.push(unreadableAt({ podUid, volume }, failure));
}

function hasRoom(walk: Walk): boolean {
  if (walk.tokens.length + walk.unreadable.length < MAX_TOKENS) return true;
  cut(walk, TOO_MANY_TOKENS);
  return false;
}

function report(walk: Walk, path: string, failure: Failure): void {
  const { podUid, volume } = walk.place;
  if (hasRoom(walk)) walk.unreadable.push(unreadableAt({ podUid, volume, path }, failure));
}

function visitFile(walk: Walk, file: Path, path: string): void {
  const { volumeKind, volume } = walk.place;
  const isExpected = () => walk.wasToken(path) || isTokenPath(volumeKind, volume, path);
  const reading = readTokenFile(file, walk.device, isExpected);
  if (reading.status === 'failed') report(walk, path, reading);
  else if (reading.status === 'token' && hasRoom(walk))
    walk.tokens.push({ path, claims: reading.claims, file: reading.file });
}

/** Why a folder is not looked into. */
function faultOf(walk: Walk, { path, depth }: Folder): Failure | undefined {
  if (depth > MAX_DEPTH) return TOO_DEEP;
  const found = statFolder(path);
  if (!found.ok) return found;
  return found.stats.dev === walk.device ? undefined : MOUNTED_OVER;
}

function visitFolder(walk: Walk, folder: Folder): void {
  const fault = faultOf(walk, folder);
  if (fault === undefined) visitEntries(walk, folder);
  else report(walk, folder.prefix.slice(0, -1), fault);
}

function visit(walk: Walk, entry: Entry, { path: folder, prefix, depth }: Folder): void {
  const path = `${prefix}${entry.name}`;
  switch (entry.kind) {
    case 'file':
      visitFile(walk, join(folder, entry.raw), path);
      break;
    case 'directory':
      visitFolder(walk, { path: join(folder, entry.raw), prefix: `${path}/`, depth: depth + 1 });
      break;
    case 'link':
      report(walk, path, A_LINK);
      break;
    case 'other':
      report(walk, path, NOT_A_FILE);
  }
}

function visitEntries(walk: Walk, folder: Folder): void {
  const listing = listFolder(folder.path);
  if (!listing.ok) {
    report(walk, folder.prefix.slice(0, -1), listing);
    return;
  }
  for (const entry of listing.entries) {
    if (!walk.isCut && walk.files === MAX_FILES) cut(walk, TOO_MANY_FILES);
    if (walk.isCut) return;
    walk.files += 1;
    visit(walk, entry, folder);
  }
}

/** Reads every token in `generation`, a folder in the volume at `place`. */
export function walkGeneration(place: VolumePlace, generation: string, wasToken: WasToken): Content {
  const path = join(place.folder, generation);
  const found = statFolder(path);
  if (!found.ok) return { tokens: [], unreadable: [unreadableAt(place, found)] };
  const device = found.stats.dev;
  const walk: Walk = { place, device, wasToken, tokens: [], unreadable: [], files: 0, isCut: false };
  visitEntries(walk, { path, prefix: '', depth: 0 });
  return walk;
}

export type Generation = { readonly ok: true; readonly name: string } | ({ readonly ok: false } & Failure);

export type VolumeReading =
  | { readonly ok: true; readonly generation: string; readonly content: Content }
  | ({ readonly ok: false } & Failure);

/** A time and a random number; whatever else it may be one day, a plain name and no way out of the volume. */
const GENERATION = /^\.\.[\w.-]+$/;
/** A volume that is swapped more often while it is read is left as it was read last, to be looked at again. */
const MAX_TRIES = 32;

const NOT_MOUNTED: Failure = {
  reason: 'not_mounted',
  detail: 'the volume is empty: not mounted, or not visible here',
};
const NO_LINK: Failure = { reason: 'bad_link', detail: '..data is not a link' };
const OUTWARD: Failure = { reason: 'bad_link', detail: '..data does not point to a folder beside it' };

function generationFailure(failure: Failure): Failure {
  if (failure.reason === 'vanished') return NOT_MOUNTED;
  return failure.detail === 'EINVAL' ? NO_LINK : failure;
}

/** The name of the folder `..data` points to: one right beside it, or a failure. One system call. */
export function readGeneration({ link }: Pick<VolumePlace, 'link'>): Generation {
  try {
    const name = readlinkSync(link);
    return GENERATION.test(name) ? { ok: true, name } : { ok: false, ...OUTWARD };
  } catch (error) {
    return { ok: false, ...generationFailure(failureOf(error)) };
  }
}

/**
 * Reads the volume's generation, and the one that took its place where it was swapped under our feet.
 *
 * The kubelet removes a generation only after `..data` points to the next, file by file: what was read was whole
 * if `..data` still points to it afterwards, and may lack files without any error if not. Fails where the volume
 * went away meanwhile.
 */
export function readVolume(place: VolumePlace, generation: string, wasToken: WasToken): VolumeReading {
  let name = generation;
  for (let attempt = 1; ; attempt += 1) {
    const content = walkGeneration(place, name, wasToken);
    const after = readGeneration(place);
    if (!after.ok) return after;
    if (after.name === name || attempt === MAX_TRIES) return { ok: true, generation: name, content };
    name = after.name;
  }
}
