/**
 * What inotify reports about the directory of a generation that holds a token.
 */
import type { EpochSeconds } from '../token/token.ts';

/** In the order of the kernel. */
export interface ReadEvent {
  /**
   * `closed` is `IN_CLOSE_NOWRITE`: it shows opens that the kernel merged. `volume_opened` is an open of the directory
   * that contains the generations.
   */
  readonly kind: 'volume_opened' | 'folder_opened' | 'opened' | 'closed';
  /** Name of the file, or of a directory below; empty for the watched directory itself, and that of the volume. */
  readonly name: string;
}

/** When a queue was read. Only the order of the events in it is known, not their times. */
export interface DrainTime {
  readonly at: EpochSeconds;
  /** At most a second after each of the events, however late the queue was read. Default: `at`. */
  readonly readAt?: EpochSeconds;
  /** By a clock that is never set. */
  readonly monotonicMs: number;
  /** When the queue was read before, so that no event is older: the process may not have run since. Default: `monotonicMs`. */
  readonly sinceMs?: number;
  /** Since the swap that began the generation; undefined if that was not seen. */
  readonly sinceSwapMs: number | undefined;
}
