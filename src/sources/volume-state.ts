/**
 * What is known of one volume from look to look: its generation, its tokens, and their rotations.
 *
 * An unchanged volume costs one readlink. Knows nothing of watches or of other volumes.
 */

import type { Unreadable } from '../core/observation.ts';
import { scheduleOf } from '../core/rotation.ts';
import type { EpochSeconds, Token, TokenClaims, TokenIdentity } from '../core/token.ts';
import { unreadableAt } from './failures.ts';
import { type FoundToken, type Generation, readGeneration, readVolume, type VolumePlace } from './volume.ts';

/** A token whose content was replaced. */
export interface Rotation {
  readonly before: Token;
  readonly after: Token;
}

export interface VolumeState {
  readonly tokens: () => readonly Token[];
  readonly unreadable: () => readonly Unreadable[];
  /** Whether the volume was there at the last look: a folder without content is not, yet or any more. */
  readonly isMounted: () => boolean;
  /** Reads what is there now; answers whether the generation is another than at the look before. */
  readonly look: () => boolean;
}

function sameContent(a: TokenClaims, b: TokenClaims): boolean {
  return a.id === b.id && a.issuedAt === b.issuedAt && a.expiresAt === b.expiresAt && a.keyId === b.keyId;
}

function identityOf({ podUid, volume }: VolumePlace, { path, claims }: FoundToken): TokenIdentity {
  const { namespace, serviceAccount, pod } = claims;
  return { namespace, pod: pod?.name ?? '', podUid, serviceAccount: serviceAccount.name, volume, path };
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

function tokenOf(place: VolumePlace, found: FoundToken, before: Token | undefined): Token {
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

/** Keeps the state of one volume; `onRotation` hears of every token that was replaced. */
export function createVolumeState(place: VolumePlace, onRotation: (rotation: Rotation) => void): VolumeState {
  let generation: string | undefined;
  let tokens: readonly Token[] = [];
  let unreadable: readonly Unreadable[] = [];
  let held = new Map<string, Token>();

  const take = (found: readonly FoundToken[]): void => {
    const before = held;
    tokens = found.map((one) => tokenOf(place, one, before.get(one.path)));
    // A path that could not be read this time keeps what it held, so that its rotation is not missed.
    held = new Map(before);
    for (const after of tokens) {
      const was = before.get(after.identity.path);
      held.set(after.identity.path, after);
      if (was !== undefined && !sameContent(was.claims, after.claims)) onRotation({ before: was, after });
    }
  };

  const lose = (current: Generation & { ok: false }): boolean => {
    const wasMounted = generation !== undefined;
    generation = undefined;
    tokens = [];
    unreadable = [unreadableAt(place, current)];
    return wasMounted;
  };

  const forgetGone = (): void => {
    const there = new Set([
      ...tokens.map(({ identity }) => identity.path),
      ...unreadable.map(({ path }) => path),
    ]);
    for (const path of held.keys()) if (!there.has(path)) held.delete(path);
  };

  const look = (): boolean => {
    const current = readGeneration(place);
    if (!current.ok) return lose(current);
    if (current.name === generation && unreadable.length === 0) return false;
    const isOther = current.name !== generation;
    const { generation: read, reading } = readVolume(place, current.name, new Set(held.keys()));
    generation = read;
    take(reading.tokens);
    unreadable = reading.unreadable;
    forgetGone();
    return isOther;
  };

  return {
    tokens: () => tokens,
    unreadable: () => unreadable,
    isMounted: () => generation !== undefined,
    look,
  };
}
