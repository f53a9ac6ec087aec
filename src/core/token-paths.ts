/**
 * Where a token is meant to lie, so that a file there which is none is trouble and not somebody's ca.crt.
 *
 * Pure. Any other file counts as a token by its content alone.
 */
import { CATALOGUE } from './catalogue.ts';
import { matchesPattern } from './pattern.ts';
import type { VolumeKind } from './token.ts';

/** The admission plugin ServiceAccount names its volume so, followed by five characters. */
const DEFAULT_VOLUME = 'kube-api-access-*';

/** Whether automounting puts a token there. */
export function isDefaultTokenPath(volumeKind: VolumeKind, volume: string, path: string): boolean {
  return volumeKind === 'projected' && path === 'token' && matchesPattern(DEFAULT_VOLUME, volume);
}

/** Whether the kubelet is known to put a token at `path` in `volume`. */
export function isTokenPath(volumeKind: VolumeKind, volume: string, path: string): boolean {
  if (isDefaultTokenPath(volumeKind, volume, path)) return true;
  return (
    volumeKind === 'projected' &&
    CATALOGUE.some((known) => known.path === path && matchesPattern(known.volume, volume))
  );
}
