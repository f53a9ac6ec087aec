/**
 * What the exporter found on the node, and when. Replaced, never edited.
 */
import type { EpochSeconds, Token } from './token/token.ts';

/** Why an object could not be read. Values of a label, public contract: retire them, never rename them. */
export const READ_FAILURES = [
  'bad_link',
  'changing',
  'empty',
  'invalid_claim',
  'io_error',
  /** Left out, because its pod has reached a limit. */
  'limit',
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
  'vanished',
] as const;
export type ReadFailure = (typeof READ_FAILURES)[number];

/** An object that could not be read. Fields below it are empty: the folder of a pod has no volume or path. */
export interface Unreadable {
  readonly podUid: string;
  readonly volume: string;
  readonly path: string;
  readonly reason: ReadFailure;
  /** What is wrong. Safe to show: never contains a piece of the file. */
  readonly detail: string;
}

/** Whether it is the directory that contains those of the pods. */
export function isPodsDirectory({ podUid }: Unreadable): boolean {
  return podUid === '';
}

/** `POD/VOLUME/PATH`, without the empty fields. `pod` names the pod: its uid by default. */
export function formatLocation({ podUid, volume, path }: Unreadable, pod = podUid): string {
  const parts = [pod, volume, path].filter((part) => part !== '');
  return parts.join('/') || "the kubelet's pods directory";
}

export interface Observation {
  readonly tokens: readonly Token[];
  readonly unreadable: readonly Unreadable[];
  /** Files of projected volumes that hold no token. Only a pod's spec says whether one belongs there. */
  readonly others: readonly Unreadable[];
  /** End of the last full scan that could list the pods; undefined before the first. */
  readonly scannedAt: EpochSeconds | undefined;
  /** How long that scan took. */
  readonly scanSeconds: number | undefined;
  /** Number of watched folders. Changes elsewhere are found at the next scan. */
  readonly watches: number;
}

/** Before the first scan. */
export const NOTHING_OBSERVED: Observation = {
  tokens: [],
  unreadable: [],
  others: [],
  scannedAt: undefined,
  scanSeconds: undefined,
  watches: 0,
};
