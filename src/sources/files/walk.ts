/**
 * Walks through one generation of a volume, a directory that the kubelet wrote, and reads every token in it.
 *
 * Files, depth, and the number and size of what is kept are limited, and no symbolic link is followed. What a limit
 * leaves out is the same in each generation: paths that the pod's spec names come first, then those that held a token
 * before, then all others by name.
 */
import { isTokenPath } from '../../core/audiences/catalogue.ts';
import type { Unreadable } from '../../core/observation.ts';
import { type Content, type FoundToken, NOTHING_FOUND, type VolumeLocation } from './content.ts';
import { type Entry, type Listing, listDirectory, statDirectory } from './directory.ts';
import { type Failure, NOT_A_FILE, OTHER_FILE_SYSTEM, unreadable } from './failures.ts';
import { visiting } from './folder-visit.ts';
import { NO_PATHS } from './named-paths.ts';
import { join, type Path } from './paths.ts';
import {
  type Amount,
  addAmount,
  amountOfToken,
  amountOfUnreadable,
  hasRoom,
  NO_SCOPE,
  NO_USAGE,
  type Scope,
  type Share,
  shareOf,
  sum,
  type Usage,
} from './pods/pod-limits.ts';
import { isSliceOver, type Steps } from './slices.ts';
import { type Place, readTokenFile } from './token-file.ts';

/** Whether the path held a token before, so that any other file there is a failure. */
export type WasToken = (path: string) => boolean;

/** A volume holds a Secret, or a few sources of at most 1 MiB each. */
export const MAX_FILES = 16_384;
export const MAX_DEPTH = 16;
/** Bounds the others of one volume while the spec is not known. */
const MAX_OTHERS = 64;

const UNEXPECTED_LINK: Failure = {
  reason: 'bad_link',
  detail: 'symbolic link; the kubelet writes only regular files here',
};
const TOO_DEEP: Failure = { reason: 'too_deep', detail: `more than ${MAX_DEPTH} directories deep` };
const TOO_MANY_FILES: Failure = {
  reason: 'too_many_files',
  detail: `more than ${MAX_FILES} files; the rest is not read`,
};

/** The state of one walk through a generation. */
interface Walk extends Content {
  readonly location: VolumeLocation;
  /** Where its files must be. */
  readonly place: Place;
  readonly wasToken: WasToken;
  readonly scope: Scope;
  readonly tokens: FoundToken[];
  readonly unreadable: Unreadable[];
  readonly others: Unreadable[];
  readonly leftOut: Partial<Record<Share, Amount>>;
  usage: Usage;
  areOthersCut: boolean;
  files: number;
  /** The limit of files was reached. */
  isStopped: boolean;
}

/** A directory of the generation. `prefix` is the path of its entries: empty, or ending in a slash. */
interface Directory {
  readonly path: Path;
  readonly prefix: string;
  readonly depth: number;
}

/** Whether the object fits into the limits of the pod. After the first of a share that does not, none does. */
function admits(walk: Walk, path: string, amount: Amount): boolean {
  const share = shareOf(walk.scope, path);
  const isAdmitted =
    walk.leftOut[share] === undefined &&
    hasRoom(share, sum(walk.scope.used[share], walk.usage[share]), amount);
  if (isAdmitted) walk.usage = addAmount(walk.usage, share, amount);
  else walk.leftOut[share] ??= amount;
  return isAdmitted;
}

function addUnreadable(walk: Walk, path: string, failure: Failure): void {
  const { podUid, volume } = walk.location;
  const object = unreadable({ podUid, volume, path }, failure);
  if (admits(walk, path, amountOfUnreadable(object))) walk.unreadable.push(object);
}

/** A Secret may have many other files, and no spec requests a token there. */
function addOther(walk: Walk, path: string, failure: Failure): void {
  const { podUid, volume, volumeKind } = walk.location;
  const { named } = walk.scope;
  if (volumeKind !== 'projected' || named?.has(path) === false) return;
  if (named !== undefined || walk.others.length < MAX_OTHERS)
    walk.others.push(unreadable({ podUid, volume, path }, failure));
  else walk.areOthersCut = true;
}

function visitFile(walk: Walk, file: Path, path: string): void {
  const { volumeKind, volume } = walk.location;
  const isExpected = () => walk.wasToken(path) || isTokenPath(volumeKind, volume, path);
  const reading = readTokenFile(file, walk.place, isExpected);
  if (!reading.ok) addUnreadable(walk, path, reading.error);
  else if ('other' in reading.value) addOther(walk, path, reading.value.other);
  else {
    const { claims, file: facts } = reading.value;
    if (admits(walk, path, amountOfToken(claims, path))) walk.tokens.push({ path, claims, file: facts });
  }
}

function directoryFailure(walk: Walk, { path, depth }: Directory): Failure | undefined {
  if (depth > MAX_DEPTH) return TOO_DEEP;
  const stats = statDirectory(path);
  if (!stats.ok) return stats.error;
  return stats.value.dev === walk.place.device ? undefined : OTHER_FILE_SYSTEM;
}

function* visitDirectory(walk: Walk, directory: Directory): Steps<void> {
  const failure = directoryFailure(walk, directory);
  if (failure === undefined) yield* visitEntries(walk, directory);
  else addUnreadable(walk, directory.prefix.slice(0, -1), failure);
}

function isNamed({ scope: { named = NO_PATHS } }: Walk, path: string): boolean {
  return named.has(path) || named.leadsTo(path);
}

function rankOf(walk: Walk, path: string): number {
  const { volumeKind, volume } = walk.location;
  if (isNamed(walk, path)) return 0;
  return isTokenPath(volumeKind, volume, path) || walk.wasToken(path) ? 1 : 2;
}

/** The kubelet writes the files of each generation in another order. */
function inOrder(walk: Walk, entries: readonly Entry[], prefix: string): readonly Entry[] {
  if (entries.length < 2) return entries;
  const ranked = entries.map((entry) => ({ entry, rank: rankOf(walk, prefix + entry.name) }));
  ranked.sort((a, b) => a.rank - b.rank || (a.entry.name < b.entry.name ? -1 : 1));
  return ranked.map(({ entry }) => entry);
}

/** Whether a limit leaves the entry out. Those that lead to a path of the spec are looked at in any case. */
function isLeftOut(walk: Walk, path: string): boolean {
  if (isNamed(walk, path)) return walk.leftOut.named !== undefined;
  if (walk.leftOut.unnamed !== undefined) return true;
  if (walk.files < MAX_FILES) return false;
  const { podUid, volume } = walk.location;
  if (!walk.isStopped) walk.unreadable.push(unreadable({ podUid, volume }, TOO_MANY_FILES));
  walk.isStopped = true;
  return true;
}

function visitObject(walk: Walk, parent: Directory, { kind, raw }: Entry, path: string): void {
  if (kind === 'file') visitFile(walk, join(parent.path, raw), path);
  else addUnreadable(walk, path, kind === 'link' ? UNEXPECTED_LINK : NOT_A_FILE);
}

function directoryIn({ path: parent, depth }: Directory, { raw }: Entry, path: string): Directory {
  return { path: join(parent, raw), prefix: `${path}/`, depth: depth + 1 };
}

function listAnnounced({ location: { root } }: Walk, path: Path): Listing {
  root.opens?.opening();
  const listing = listDirectory(path);
  if (listing.ok) root.opens?.openedDirectory(path);
  return listing;
}

function* visitEntries(walk: Walk, directory: Directory): Steps<void> {
  const { path, prefix } = directory;
  const listing = listAnnounced(walk, path);
  if (!listing.ok) {
    addUnreadable(walk, prefix.slice(0, -1), listing.error);
    return;
  }
  for (const entry of inOrder(walk, listing.value, prefix)) {
    const below = prefix + entry.name;
    if (isLeftOut(walk, below)) continue;
    walk.files += 1;
    if (entry.kind === 'directory') yield* visitDirectory(walk, directoryIn(directory, entry, below));
    else visitObject(walk, directory, entry, below);
    if (isSliceOver()) yield;
  }
}

/** Reads every token in `generation`, the name of a directory of the volume. */
export function* walkGeneration(
  location: VolumeLocation,
  generation: string,
  wasToken: WasToken,
  scope = NO_SCOPE,
): Steps<Content> {
  const path = join(location.directory, generation);
  const stats = statDirectory(path);
  if (!stats.ok) return { ...NOTHING_FOUND, unreadable: [unreadable(location, stats.error)] };
  const walk: Walk = {
    location,
    place: { device: stats.value.dev, root: location.root },
    wasToken,
    scope,
    tokens: [],
    unreadable: [],
    others: [],
    leftOut: {},
    usage: NO_USAGE,
    areOthersCut: false,
    files: 0,
    isStopped: false,
  };
  const visits = location.volumeKind === 'projected' ? location.root.opens?.visits : undefined;
  yield* visiting(visits, () => visitEntries(walk, { path, prefix: '', depth: 0 }));
  return walk;
}
