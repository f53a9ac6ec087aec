/**
 * Walks through one generation of a volume and reads every token in it.
 *
 * Bounded in files, tokens and depth; links are never followed. Knows nothing of other generations, of earlier
 * readings or of watches.
 */
import type { Unreadable } from '../../core/observation.ts';
import type { FileFacts, TokenClaims } from '../../core/token.ts';
import { isTokenPath } from '../../core/token-paths.ts';
import { type Entry, listFolder, statFolder } from './directory.ts';
import { type Failure, MOUNTED_OVER, NOT_A_FILE, unreadableAt } from './failures.ts';
import { join, type Path } from './paths.ts';
import type { VolumePlace } from './pod-volumes.ts';
import { readTokenFile } from './token-file.ts';

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
