/**
 * Reads one generation of a volume: every token in the directory that the link `..data` points to.
 *
 * The kubelet writes each generation to a new directory and then swaps `..data` by a rename
 * (k8s.io/kubernetes/pkg/volume/util/atomic_writer.go). Files, tokens and depth are bounded, and no symbolic link
 * other than `..data` is followed.
 */
import { readlinkSync } from 'node:fs';
import { isTokenPath } from '../../core/catalogue.ts';
import type { Unreadable } from '../../core/observation.ts';
import type { FileFacts, TokenClaims, VolumeKind } from '../../core/token/token.ts';
import { errorCode } from '../../util/error-code.ts';
import { err, ok, type Result } from '../../util/result.ts';
import { type Entry, listDirectory, statDirectory } from './directory.ts';
import { type Failure, failureOf, NOT_A_FILE, OTHER_FILE_SYSTEM, unreadable } from './failures.ts';
import { join, type Path } from './paths.ts';
import type { Steps } from './slices.ts';
import { readTokenFile } from './token-file.ts';

export interface VolumeLocation {
  readonly podUid: string;
  readonly volume: string;
  readonly volumeKind: VolumeKind;
  readonly directory: Path;
  /** `..data` in the directory. */
  readonly link: Path;
}

export interface FoundToken {
  /** Relative to the generation. */
  readonly path: string;
  readonly claims: TokenClaims;
  readonly file: FileFacts;
}

export interface Content {
  readonly tokens: readonly FoundToken[];
  readonly unreadable: readonly Unreadable[];
  /** Files of a projected volume that hold no token, as far as they fit into the limit. */
  readonly others: readonly Unreadable[];
}

export const NOTHING_FOUND: Content = { tokens: [], unreadable: [], others: [] };

/** The only failure of a reading that lost the race with the kubelet. Its tokens are real, but others may be absent. */
const CHANGING: Failure = { reason: 'changing', detail: 'the volume was swapped during every reading' };

export interface VolumeReading {
  /** Name of the generation that was read. */
  readonly generation: string;
  readonly content: Content;
}

/** Whether the path held a token before, so that any other file there is a failure. */
export type WasToken = (path: string) => boolean;

/** A volume holds a Secret, or a few sources of at most 1 MiB each. */
export const MAX_FILES = 16_384;
/** Bounds the series of one volume, since any user can fill a Secret. Counts unreadable objects as well. */
export const MAX_TOKENS = 128;
export const MAX_DEPTH = 16;
/** How often a volume is read again because it was swapped meanwhile. After that the next refresh reads it. */
export const MAX_ATTEMPTS = 32;
/** The kubelet uses a timestamp and a random number. Anything else must at least not lead out of the volume. */
const GENERATION = /^\.\.[\w.-]+$/;

const NOT_MOUNTED: Failure = {
  reason: 'not_mounted',
  detail: 'the volume is empty: not mounted, or the mount is not visible to the exporter',
};
const NOT_A_LINK: Failure = { reason: 'bad_link', detail: '..data is not a symbolic link' };
const OUTSIDE: Failure = { reason: 'bad_link', detail: '..data does not point to a directory of the volume' };
const UNEXPECTED_LINK: Failure = {
  reason: 'bad_link',
  detail: 'symbolic link; the kubelet writes only regular files here',
};
const TOO_DEEP: Failure = { reason: 'too_deep', detail: `more than ${MAX_DEPTH} directories deep` };
const TOO_MANY_FILES: Failure = {
  reason: 'too_many_files',
  detail: `more than ${MAX_FILES} files; the rest is not read`,
};
const TOO_MANY_TOKENS: Failure = {
  reason: 'too_many_tokens',
  detail: `more than ${MAX_TOKENS} tokens; the rest is not read`,
};

/** The state of one walk through a generation. */
interface Walk {
  readonly location: VolumeLocation;
  readonly device: number;
  readonly wasToken: WasToken;
  readonly tokens: FoundToken[];
  readonly unreadable: Unreadable[];
  readonly others: Unreadable[];
  files: number;
  /** A limit was reached. */
  isStopped: boolean;
}

/** A directory of the generation. `prefix` is the path of its entries: empty, or ending in a slash. */
interface Directory {
  readonly path: Path;
  readonly prefix: string;
  readonly depth: number;
}

function stop(walk: Walk, failure: Failure): void {
  const { podUid, volume } = walk.location;
  walk.isStopped = true;
  walk.unreadable.push(unreadable({ podUid, volume }, failure));
}

function hasRoom(walk: Walk): boolean {
  if (walk.tokens.length + walk.unreadable.length < MAX_TOKENS) return true;
  stop(walk, TOO_MANY_TOKENS);
  return false;
}

function addUnreadable(walk: Walk, path: string, failure: Failure): void {
  const { podUid, volume } = walk.location;
  if (hasRoom(walk)) walk.unreadable.push(unreadable({ podUid, volume, path }, failure));
}

/** A Secret may have many other files, and no spec requests a token there. */
function addOther({ location, others }: Walk, path: string, failure: Failure): void {
  const { podUid, volume, volumeKind } = location;
  if (volumeKind === 'projected' && others.length < MAX_TOKENS)
    others.push(unreadable({ podUid, volume, path }, failure));
}

function visitFile(walk: Walk, file: Path, path: string): void {
  const { volumeKind, volume } = walk.location;
  const isExpected = () => walk.wasToken(path) || isTokenPath(volumeKind, volume, path);
  const reading = readTokenFile(file, walk.device, isExpected);
  if (!reading.ok) addUnreadable(walk, path, reading.error);
  else if ('other' in reading.value) addOther(walk, path, reading.value.other);
  else if (hasRoom(walk)) walk.tokens.push({ path, ...reading.value });
}

function directoryFailure(walk: Walk, { path, depth }: Directory): Failure | undefined {
  if (depth > MAX_DEPTH) return TOO_DEEP;
  const stats = statDirectory(path);
  if (!stats.ok) return stats.error;
  return stats.value.dev === walk.device ? undefined : OTHER_FILE_SYSTEM;
}

function* visitDirectory(walk: Walk, directory: Directory): Steps<void> {
  const failure = directoryFailure(walk, directory);
  if (failure === undefined) yield* visitEntries(walk, directory);
  else addUnreadable(walk, directory.prefix.slice(0, -1), failure);
}

function* visitEntry(
  walk: Walk,
  { kind, raw, name }: Entry,
  { path: parent, prefix, depth }: Directory,
): Steps<void> {
  const path = `${prefix}${name}`;
  switch (kind) {
    case 'file':
      visitFile(walk, join(parent, raw), path);
      break;
    case 'directory':
      yield* visitDirectory(walk, { path: join(parent, raw), prefix: `${path}/`, depth: depth + 1 });
      break;
    case 'link':
      addUnreadable(walk, path, UNEXPECTED_LINK);
      break;
    case 'other':
      addUnreadable(walk, path, NOT_A_FILE);
  }
}

function* visitEntries(walk: Walk, directory: Directory): Steps<void> {
  const listing = listDirectory(directory.path);
  if (!listing.ok) {
    addUnreadable(walk, directory.prefix.slice(0, -1), listing.error);
    return;
  }
  for (const entry of listing.value) {
    if (!walk.isStopped && walk.files === MAX_FILES) stop(walk, TOO_MANY_FILES);
    if (walk.isStopped) return;
    walk.files += 1;
    yield* visitEntry(walk, entry, directory);
    yield;
  }
}

/** Reads every token in `generation`, the name of a directory of the volume. */
export function* walkGeneration(
  location: VolumeLocation,
  generation: string,
  wasToken: WasToken,
): Steps<Content> {
  const path = join(location.directory, generation);
  const stats = statDirectory(path);
  if (!stats.ok) return { ...NOTHING_FOUND, unreadable: [unreadable(location, stats.error)] };
  const device = stats.value.dev;
  const found = { tokens: [], unreadable: [], others: [] };
  const walk: Walk = { location, device, wasToken, ...found, files: 0, isStopped: false };
  yield* visitEntries(walk, { path, prefix: '', depth: 0 });
  return walk;
}

function linkFailure(error: unknown): Failure {
  const failure = failureOf(error);
  if (failure.reason === 'vanished') return NOT_MOUNTED;
  return errorCode(error) === 'EINVAL' ? NOT_A_LINK : failure;
}

/** Returns the name of the directory that the link `..data` points to. Costs one system call. */
export function currentGeneration(link: Path): Result<string, Failure> {
  try {
    const name = readlinkSync(link);
    return GENERATION.test(name) ? ok(name) : err(OUTSIDE);
  } catch (error) {
    return err(linkFailure(error));
  }
}

/** What was found while files were removed. Says nothing of a single file: it was there, or is in the next generation. */
function incomplete(location: VolumeLocation, { tokens }: Content): Content {
  const { podUid, volume } = location;
  return { ...NOTHING_FOUND, tokens, unreadable: [unreadable({ podUid, volume }, CHANGING)] };
}

/**
 * Reads `generation`, or a later one if the kubelet swaps the volume meanwhile. Fails if the volume is unmounted
 * meanwhile.
 *
 * The kubelet removes a generation only after `..data` points to the next one, file by file. A reading is complete
 * if `..data` has not changed afterwards; otherwise it may lack files without any error. If every attempt is lost, the
 * volume as a whole is unreadable, and no file of it.
 */
export function* readVolume(
  location: VolumeLocation,
  generation: string,
  wasToken: WasToken,
): Steps<Result<VolumeReading, Failure>> {
  let name = generation;
  for (let attempt = 1; ; attempt += 1) {
    const content = yield* walkGeneration(location, name, wasToken);
    const current = currentGeneration(location.link);
    if (!current.ok) return current;
    if (current.value === name) return ok({ generation: name, content });
    if (attempt === MAX_ATTEMPTS) return ok({ generation: name, content: incomplete(location, content) });
    name = current.value;
  }
}
