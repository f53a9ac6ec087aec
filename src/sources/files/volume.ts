/**
 * One volume, looked at again and again, and watched as long as it is mounted.
 *
 * The watch sits on the volume's FOLDER and acts on the name `..data`: one on the token goes silent at the first
 * rotation. Knows nothing of the pod it belongs to.
 */
import type { ReadFailure, Unreadable } from '../../core/observation.ts';
import { scheduleOf } from '../../core/rotation.ts';
import type { EpochSeconds, FileFacts, Token, TokenClaims, TokenIdentity } from '../../core/token.ts';
import { unreadableAt } from './failures.ts';
import {
  type Content,
  type FoundToken,
  MAX_TOKENS,
  readGeneration,
  readVolume,
  type VolumePlace,
} from './generation.ts';
import { createWatch, type Watch, type Watches } from './watch.ts';

/** A token whose content was replaced. */
export interface Rotation {
  readonly before: Token;
  readonly after: Token;
}

/** One record per volume, renewed in place: there are a thousand of them, looked at in every pass. */
export interface VolumeState {
  readonly place: VolumePlace;
  /** Undefined where the volume is not mounted: a folder without content is not, yet or any more. */
  generation: string | undefined;
  tokens: readonly Token[];
  unreadable: readonly Unreadable[];
  /** The tokens, and those read last at paths that could not be read this time. */
  held: readonly Token[];
}

export function createVolumeState(place: VolumePlace): VolumeState {
  return { place, generation: undefined, tokens: [], unreadable: [], held: [] };
}

/** Few, so a search from the front is the fastest index. */
function findAt(tokens: readonly Token[], path: string): Token | undefined {
  return tokens.find(({ identity }) => identity.path === path);
}

/** Whether two readings are of one token: the API server gives no two the same id and times. */
export function sameContent(a: TokenClaims, b: TokenClaims): boolean {
  return a.id === b.id && a.issuedAt === b.issuedAt && a.expiresAt === b.expiresAt && a.keyId === b.keyId;
}

/** The pod's name is known from a token that is bound to it; one bound to another pod tells of that one alone. */
function identityOf({ podUid, volume }: VolumePlace, { path, claims }: FoundToken): TokenIdentity {
  const { namespace, serviceAccount } = claims;
  const pod = claims.pod?.uid === podUid ? claims.pod.name : '';
  return { namespace, pod, podUid, serviceAccount: serviceAccount.name, volume, path };
}

function sameFile(a: FileFacts, b: FileFacts): boolean {
  return a.modifiedAt === b.modifiedAt && a.mode === b.mode && a.uid === b.uid && a.gid === b.gid;
}

function sameIdentity(a: TokenIdentity, b: TokenIdentity): boolean {
  return a.namespace === b.namespace && a.pod === b.pod && a.serviceAccount === b.serviceAccount;
}

/**
 * When the content last changed. A change that was seen happened when the kubelet wrote the file; of one before
 * our time the claims tell, and where they do not, the file.
 */
function rotationTime(found: FoundToken, before: Token | undefined): EpochSeconds | undefined {
  if (before === undefined) return found.claims.issuedAt ?? found.file.modifiedAt;
  return sameContent(before.claims, found.claims) ? before.lastRotation : found.file.modifiedAt;
}

/** The same object where nothing has changed: what is known of it beside stays known. */
function tokenOf(place: VolumePlace, found: FoundToken, before: Token | undefined): Token {
  if (before && sameContent(before.claims, found.claims) && sameFile(before.file, found.file)) return before;
  const made = identityOf(place, found);
  const identity = before !== undefined && sameIdentity(before.identity, made) ? before.identity : made;
  const { claims, file } = found;
  return { identity, volumeKind: place.volumeKind, claims, file, lastRotation: rotationTime(found, before) };
}

/** How late a new token was asked for, in seconds; 0 where it came before its time, undefined where none was due. */
export function rotationLag({ before, after }: Rotation): number | undefined {
  const { refreshDue } = scheduleOf(before, 0);
  if (refreshDue === undefined || after.claims.issuedAt === undefined) return undefined;
  return Math.max(0, after.claims.issuedAt - refreshDue);
}

function isAtOrBelow(path: string, place: string): boolean {
  return place === '' || path === place || path.startsWith(`${place}/`);
}

/** What was held at paths that could not be read this time: kept, so that no rotation is missed. */
function stillHeld({ tokens, unreadable, held }: VolumeState): readonly Token[] {
  if (unreadable.length === 0) return [];
  const kept = held.filter(({ identity: { path } }) => {
    return findAt(tokens, path) === undefined && unreadable.some((object) => isAtOrBelow(path, object.path));
  });
  return kept.slice(0, MAX_TOKENS - tokens.length);
}

function take(state: VolumeState, content: Content, onRotation: (rotation: Rotation) => void): void {
  const before = state.held;
  state.tokens = content.tokens.map((found) => tokenOf(state.place, found, findAt(before, found.path)));
  state.unreadable = content.unreadable;
  state.held = [...state.tokens, ...stillHeld(state)];
  for (const after of state.tokens) {
    const was = findAt(before, after.identity.path);
    if (was !== undefined && !sameContent(was.claims, after.claims)) onRotation({ before: was, after });
  }
}

/**
 * Reads what is there now; answers whether the generation is another than at the look before. `onRotation` hears of
 * every token that was replaced.
 */
export function lookAtVolume(state: VolumeState, onRotation: (rotation: Rotation) => void): boolean {
  const { place, generation } = state;
  const current = readGeneration(place);
  if (current.ok && current.name === generation && state.unreadable.length === 0) return false;
  const wasToken = (path: string): boolean => findAt(state.held, path) !== undefined;
  const reading = current.ok ? readVolume(place, current.name, wasToken) : current;
  state.generation = reading.ok ? reading.generation : undefined;
  take(
    state,
    reading.ok ? reading.content : { tokens: [], unreadable: [unreadableAt(place, reading)] },
    onRotation,
  );
  return state.generation !== generation;
}

export interface VolumeOptions {
  readonly watches: Watches;
  readonly onNudge: () => void;
  readonly onRotation: (rotation: Rotation) => void;
  readonly onReadFailure: (reason: ReadFailure) => void;
}

export interface WatchedVolume {
  readonly state: VolumeState;
  readonly watch: Watch;
}

export function isMounted({ state }: WatchedVolume): boolean {
  return state.generation !== undefined;
}

export function createWatchedVolume(place: VolumePlace, options: VolumeOptions): WatchedVolume {
  const watch = createWatch({
    folder: place.folder,
    name: '..data',
    onChange: options.onNudge,
    onDeaf: () => void lookAt(volume, options),
  });
  const volume = { state: createVolumeState(place), watch };
  return volume;
}

/** Laid before the mount, a watch would sit on the covered folder, blind for ever: so only on what is mounted. */
function layWatch(volume: WatchedVolume, { watches, onRotation }: VolumeOptions): void {
  if (!watches.open(volume.watch)) return;
  lookAtVolume(volume.state, onRotation);
  if (!isMounted(volume)) watches.close(volume.watch);
}

/** Reads what is there now; answers whether the volume is mounted. */
export function lookAt(volume: WatchedVolume, options: VolumeOptions): boolean {
  const { state, watch } = volume;
  const { watches, onRotation, onReadFailure } = options;
  watches.looked(watch, lookAtVolume(state, onRotation));
  if (isMounted(volume)) layWatch(volume, options);
  else watches.close(watch);
  for (const { reason } of state.unreadable) onReadFailure(reason);
  return isMounted(volume);
}
