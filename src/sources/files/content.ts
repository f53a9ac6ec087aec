/**
 * What one reading of a volume found.
 */
import type { Unreadable } from '../../core/observation.ts';
import type { FileFacts, TokenClaims, VolumeKind } from '../../core/token/token.ts';
import type { Path } from './paths.ts';
import { type Limits, NO_USAGE } from './pods/pod-limits.ts';
import type { PodsRoot } from './pods/pods-root.ts';

export interface VolumeLocation {
  readonly podUid: string;
  readonly volume: string;
  readonly volumeKind: VolumeKind;
  readonly directory: Path;
  /** `..data` in the directory. */
  readonly link: Path;
  /** The directory that the volume must be in. */
  readonly root: PodsRoot;
}

export interface FoundToken {
  /** Relative to the generation. */
  readonly path: string;
  readonly claims: TokenClaims;
  readonly file: FileFacts;
}

export interface Content extends Limits {
  readonly tokens: readonly FoundToken[];
  readonly unreadable: readonly Unreadable[];
  /** Files of a projected volume that hold no token: at the paths that the spec names, or all while it is not known. */
  readonly others: readonly Unreadable[];
}

export const NOTHING_FOUND: Content = {
  tokens: [],
  unreadable: [],
  others: [],
  usage: NO_USAGE,
  leftOut: {},
  areOthersCut: false,
};
