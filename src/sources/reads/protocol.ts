/**
 * What the source and its thread exchange.
 */
import type { ReadEvent } from '../../core/reads/read-event.ts';
import type { EpochSeconds } from '../../core/token/token.ts';

/** A volume to watch. */
export interface Target {
  /** Chosen by the source; never used again for another volume. */
  readonly id: number;
  /** The folder in which `..data` is swapped. */
  readonly folder: string;
  /** The folders that hold tokens, relative to the generation; an empty string is the generation itself. */
  readonly holders: readonly string[];
}

/** Names a folder of a volume, in any generation. */
export function folderKey(id: Target['id'], holder: string): string {
  return `${id}/${holder}`;
}

export type Command =
  | { readonly kind: 'watch'; readonly target: Target }
  | { readonly kind: 'unwatch'; readonly id: number };

/** A folder of a new generation that is watched from now on. */
export interface Started {
  /** Names this watch; never used again for another. */
  readonly watch: number;
  readonly id: number;
  /** Name of the generation. */
  readonly generation: string;
  readonly holder: string;
  /** Names of the files in the folder. */
  readonly files: readonly string[];
  /** Whether only opens are watched: the kernel may merge the opens of two processes. */
  readonly isBusy: boolean;
  /** From the swap until the watch was added: 0 if it was added before. Undefined if the generation was older than the watch of its volume. */
  readonly blindMs: number | undefined;
  /** Number of the exporter's own opens that were complete before the watch was added: they are not seen. */
  readonly opensBefore: number;
  /** Number of those that had begun once it was added: later ones are seen. */
  readonly opensAfter: number;
}

/** The events of one folder since the last report. */
export interface Drained {
  readonly watch: number;
  readonly events: readonly ReadEvent[];
  /** From the swap until these events were taken: none of them is later. Undefined as `blindMs`. */
  readonly sinceSwapMs: number | undefined;
  /** Events may be missing here. */
  readonly isLossy: boolean;
  /** The last events of this watch. */
  readonly hasEnded: boolean;
}

/** Why a folder is not watched, or events were lost. Values of a label, public contract. */
export const LOSSES = [
  'busy',
  'event_lost',
  'max_user_instances',
  'max_user_watches',
  'overflow',
  'other',
] as const;
export type Loss = (typeof LOSSES)[number];

export interface Report {
  readonly started: readonly Started[];
  readonly drained: readonly Drained[];
  /** By the wall clock, at most a second after each of the drained events. */
  readonly readAt: EpochSeconds;
  readonly losses: readonly Loss[];
  /** Number of folders with tokens that are watched. */
  readonly folders: number;
  /** Whether a limit of the kernel was reached, so that some are not watched. */
  readonly isLimited: boolean;
  /** What the round took, without waiting. */
  readonly tookMs: number;
}

/** Indexes into the memory that both threads share. */
export const SHARED = { isStopped: 0, opensBegun: 1, opensComplete: 2 } as const;
export const SHARED_WORDS = 3;

/** What the thread gets when it starts. */
export interface WorkerData {
  /** The words of `SHARED`. */
  readonly shared: Int32Array<SharedArrayBuffer>;
}
