/**
 * One volume: the folders that hold its tokens, and the exporter's own opens in generations that are not yet watched.
 */

import { placeOf } from '../../core/origin.ts';
import type { TokenIdentity } from '../../core/token/token.ts';
import { isEscaped } from '../files/paths.ts';
import { type OwnOpen, volumeKey } from './own-opens.ts';
import type { Started, Target } from './protocol.ts';
import {
  announce,
  begin,
  createWatchedToken,
  type Instant,
  type WatchedGeneration,
  type WatchedToken,
} from './watched-token.ts';

/** Updated in place. */
export interface WatchedVolume {
  readonly podUid: string;
  readonly key: string;
  readonly folder: string;
  /** Replaced when another folder of the volume holds a token. */
  target: Target;
  /** By the folder that holds them, relative to the generation. */
  readonly tokens: Map<string, WatchedToken[]>;
  /** Opens in generations that have not begun. */
  opens: OwnOpen[];
  /** Whether it appeared while the exporter ran, and the clock was not set since. */
  isNew: boolean;
  /** When it was last found on the node, by a clock that is never set. */
  seenMs: number;
}

/** More than the files of a volume that holds tokens, several times over. */
const MAX_OPENS = 512;

/** Tokens of a folder, times its files. */
const MAX_COMPARED = 1_024;

/** The folder that holds the file, and its name in it. */
function splitPath(path: string): readonly [holder: string, name: string] {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? ['', path] : [path.slice(0, slash), path.slice(slash + 1)];
}

/** A name that was escaped to be shown is not the name on disk. */
export function isWatchable({ podUid, volume, path }: TokenIdentity): boolean {
  return !isEscaped(`${podUid}${volume}${path}`);
}

export function createWatchedVolume(
  rootDir: string,
  { podUid, volume }: TokenIdentity,
  nowMs: number,
  isNew: boolean,
): WatchedVolume {
  const folder = `${rootDir}/pods/${podUid}/volumes/kubernetes.io~projected/${volume}`;
  return {
    podUid,
    key: volumeKey(podUid, volume),
    folder,
    target: { id: 0, folder, holders: [] },
    tokens: new Map(),
    opens: [],
    isNew,
    seenMs: nowMs,
  };
}

/** Returns whether the token is in a folder that held none so far. */
export function addToken({ tokens, isNew }: WatchedVolume, identity: TokenIdentity): boolean {
  const [holder, name] = splitPath(identity.path);
  const others = tokens.get(holder);
  if (others?.some((token) => token.name === name) === true) return false;
  const token = createWatchedToken(placeOf(identity), name, isNew);
  if (others === undefined) tokens.set(holder, [token]);
  else others.push(token);
  return others === undefined;
}

function isOf({ file }: OwnOpen, { generation, holder }: Started): boolean {
  return file === undefined || (file.generation === generation && file.holder === holder);
}

/**
 * Begins a generation of each token in the folder. None of too many: each open is compared with each file for each token,
 * and any workload may open the files all the time.
 */
export function beginFolder(
  volume: WatchedVolume,
  started: Started,
  time: Instant,
): readonly WatchedGeneration[] {
  const tokens = volume.tokens.get(started.holder) ?? [];
  const begun =
    tokens.length * started.files.length > MAX_COMPARED
      ? []
      : tokens.flatMap((token) => begin(token, started, time) ?? []);
  for (const open of volume.opens.filter((one) => isOf(one, started)))
    for (const generation of begun) announce(generation, open, time.monotonicMs);
  volume.opens = volume.opens.filter(
    (open) => open.number > started.opensBefore && (open.file === undefined || !isOf(open, started)),
  );
  return begun;
}

/** Takes an open of the exporter in this volume. */
export function addOpen(volume: WatchedVolume, open: OwnOpen, monotonicMs: number): void {
  const generations = [...volume.tokens.values()].flat().flatMap((token) => token.generations);
  const matching = generations.filter(({ started }) => isOf(open, started));
  for (const generation of matching) announce(generation, open, monotonicMs);
  if (matching.length > 0 && open.file !== undefined) return;
  volume.opens.push(open);
  if (volume.opens.length > MAX_OPENS) volume.opens.shift();
}
