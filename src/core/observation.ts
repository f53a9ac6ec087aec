/**
 * What was seen on the node, and when: facts without verdicts, replaced whole and never edited.
 *
 * Knows nothing of how the facts were gathered.
 */
import type { EpochSeconds, Token } from './token.ts';

/** Why an object could not be read. Values of a label, public contract: retire them, never rename them. */
export const READ_FAILURES = [
  'bad_link',
  'empty',
  'invalid_claim',
  'io_error',
  'not_a_directory',
  'not_a_file',
  'not_a_jwt',
  'not_mounted',
  'not_service_account',
  'permission_denied',
  'same_name',
  'too_deep',
  'too_large',
  'too_many_files',
  'too_many_tokens',
  'vanished',
] as const;
export type ReadFailure = (typeof READ_FAILURES)[number];

/** An object that could not be read. Empty strings for what lies above it: a folder of pods has no volume. */
export interface Unreadable {
  readonly podUid: string;
  readonly volume: string;
  readonly path: string;
  readonly reason: ReadFailure;
  /** What exactly was wrong, in words that are safe to show: never a piece of the file. */
  readonly detail: string;
}

/** Where an unreadable object lies: `pod uid/volume/path`, as far as it goes. */
export function formatLocation({ podUid, volume, path }: Unreadable): string {
  const parts = [podUid, volume, path].filter((part) => part !== '');
  return parts.join('/') || "the kubelet's folder of pods";
}

export interface Observation {
  readonly tokens: readonly Token[];
  readonly unreadable: readonly Unreadable[];
  /** End of the last pass over the whole node that could list its pods; undefined before the first. */
  readonly scannedAt: EpochSeconds | undefined;
  /** How long that pass took. */
  readonly scanSeconds: number | undefined;
  /** Folders under watch; the rest is seen at the next pass. */
  readonly watches: number;
}

/** What is known before the first pass. */
export const NOTHING_OBSERVED: Observation = {
  tokens: [],
  unreadable: [],
  scannedAt: undefined,
  scanSeconds: undefined,
  watches: 0,
};
