/**
 * Makes the token facts of what was found in a volume.
 */
import {
  type EpochSeconds,
  type FileFacts,
  isSameToken,
  type Token,
  type TokenIdentity,
} from '../../core/token/token.ts';
import type { FoundToken, VolumeLocation } from './content.ts';
import type { MountPoint } from './mounts/mount-points.ts';

/** What the tokens of a volume have in common. */
interface Holder {
  readonly location: VolumeLocation;
  readonly mountPoint: MountPoint | undefined;
}

/** The names of the pod come from a token that the kubelet bound to it. Another token says nothing about its pod. */
function identityOf(
  { podUid, volume, volumeKind }: VolumeLocation,
  { path, claims }: FoundToken,
): TokenIdentity {
  const isBound = volumeKind === 'projected' && claims.pod?.uid === podUid;
  const [namespace, pod] = isBound ? [claims.namespace, claims.pod.name] : ['', ''];
  return { namespace, pod, podUid, serviceAccount: claims.serviceAccount.name, volume, path };
}

export function isSameFile(a: FileFacts, b: FileFacts): boolean {
  return a.modifiedAt === b.modifiedAt && a.mode === b.mode && a.uid === b.uid && a.gid === b.gid;
}

function isSameContent(a: Token, b: FoundToken): boolean {
  return isSameToken(a.claims, b.claims) && isSameFile(a.file, b.file);
}

function isSameIdentity(a: TokenIdentity, b: TokenIdentity): boolean {
  return a.namespace === b.namespace && a.pod === b.pod && a.serviceAccount === b.serviceAccount;
}

/**
 * When the content last changed. For a change that this process observed: when the kubelet wrote the file. For an
 * earlier one: when the token was issued, or else the file's time.
 */
function rotationTime(found: FoundToken, before: Token | undefined): EpochSeconds | undefined {
  if (before === undefined) return found.claims.issuedAt ?? found.file.modifiedAt;
  return isSameToken(before.claims, found.claims) ? before.lastRotation : found.file.modifiedAt;
}

/** Returns the same object while nothing has changed, so that data cached by it stays valid. */
export function tokenOf(
  { location, mountPoint }: Holder,
  found: FoundToken,
  before: Token | undefined,
): Token {
  const mount = mountPoint?.facts;
  if (before && isSameContent(before, found) && before.mount === mount) return before;
  const current = identityOf(location, found);
  const identity = before && isSameIdentity(before.identity, current) ? before.identity : current;
  const { claims, file } = found;
  return {
    identity,
    volumeKind: location.volumeKind,
    claims,
    file,
    lastRotation: rotationTime(found, before),
    ...(mount === undefined ? {} : { mount }),
  };
}
