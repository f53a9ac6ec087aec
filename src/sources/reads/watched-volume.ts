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
  withOne,
} from './watched-token.ts';

/** Updated in place. Small, because a node has a thousand of them. */
export interface WatchedVolume {
  readonly podUid: string;
  readonly key: string;
  /** As in `Target`; 0 before the first one. Replaced when another folder of the volume holds a token. */
  id: number;
  tokens: readonly WatchedToken[];
  /** Opens in generations that have not begun. */
  opens: readonly OwnOpen[];
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

const NO_TOKENS: readonly WatchedToken[] = [];
const NO_OPENS: readonly OwnOpen[] = [];

export function createWatchedVolume(
  { podUid, volume }: TokenIdentity,
  seenMs: number,
  isNew: boolean,
): WatchedVolume {
  const key = volumeKey(podUid, volume);
  return { podUid, key, id: 0, tokens: NO_TOKENS, opens: NO_OPENS, isNew, seenMs };
}

/** The folders that hold the volume's tokens. */
export function holdersOf({ tokens }: WatchedVolume): readonly string[] {
  return [...new Set(tokens.map(({ holder }) => holder))];
}

export function targetOf(rootDir: string, volume: WatchedVolume): Target {
  const { id, podUid, key } = volume;
  const name = key.slice(volumeKey(podUid, '').length);
  const folder = `${rootDir}/pods/${podUid}/volumes/kubernetes.io~projected/${name}`;
  return { id, folder, holders: holdersOf(volume) };
}

/** Returns whether the token is in a folder that held none so far. */
export function addToken(volume: WatchedVolume, identity: TokenIdentity): boolean {
  const { tokens, isNew } = volume;
  const [holder, name] = splitPath(identity.path);
  const others = tokens.filter((token) => token.holder === holder);
  if (others.some((token) => token.name === name)) return false;
  volume.tokens = withOne(tokens, createWatchedToken(placeOf(identity), holder, name, isNew));
  return others.length === 0;
}

function isOf({ file }: OwnOpen, { generation, holder }: Pick<Started, 'generation' | 'holder'>): boolean {
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
  const tokens = volume.tokens.filter(({ holder }) => holder === started.holder);
  const begun =
    tokens.length * started.files.length > MAX_COMPARED
      ? []
      : tokens.flatMap((token) => begin(token, started, time) ?? []);
  for (const open of volume.opens.filter((one) => isOf(one, started)))
    for (const generation of begun) announce(generation, open, time.monotonicMs);
  const opens = volume.opens.filter(
    (open) => open.number > started.opensBefore && (open.file === undefined || !isOf(open, started)),
  );
  volume.opens = opens.length === 0 ? NO_OPENS : opens;
  return begun;
}

/** Takes an open of the exporter in this volume. */
export function addOpen(volume: WatchedVolume, open: OwnOpen, monotonicMs: number): void {
  const generations = volume.tokens.flatMap((token) => token.generations);
  const matching = generations.filter(({ started }) => isOf(open, started));
  for (const generation of matching) announce(generation, open, monotonicMs);
  if (matching.length > 0 && open.file !== undefined) return;
  volume.opens = withOne(volume.opens.slice(1 - MAX_OPENS), open);
}
