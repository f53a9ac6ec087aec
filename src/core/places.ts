/**
 * Where a token is meant to lie, so that a file there which is none is trouble and not somebody's ca.crt.
 *
 * Pure. Any other file counts as a token by its content alone.
 */
import { CATALOGUE } from './audience.ts';
import { matchesPattern } from './pattern.ts';
import type { VolumeKind } from './token.ts';

/** The admission plugin ServiceAccount names its volume so, followed by five characters. */
const DEFAULT_VOLUME = 'kube-api-access-*';

/** Whether the kubelet is known to put a token at `path` in `volume`. */
export function isTokenPlace(volumeKind: VolumeKind, volume: string, path: string): boolean {
  if (volumeKind !== 'projected') return false;
  if (matchesPattern(DEFAULT_VOLUME, volume)) return path === 'token';
  return CATALOGUE.some((known) => known.path === path && matchesPattern(known.volume, volume));
}
