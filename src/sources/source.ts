/**
 * The contract of a source of facts: it finds out one kind of fact and keeps it up to date by itself.
 *
 * A source is created with an `onChange` callback, which it calls after its facts may have changed. Its events and
 * timers are its own: a change in one source merges the facts of all, and runs no other source.
 */
import type { SourceRun } from '../core/facts.ts';
import type { Snapshot } from '../core/snapshot.ts';

export interface Source<F> {
  /** Name of its folder and value of the `source` label. Public contract: retire it, never rename it. */
  readonly name: string;
  /** Keeps the facts up to date until the signal aborts. Called at most once. Never rejects. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** The current facts: the same object while nothing has changed. */
  readonly facts: () => F;
  /**
   * The last run; undefined until the first one has ended. Until then `satoken_source_up` is 0, and the source has no
   * series of `satoken_source_duration_seconds`. Each source defines what one run is.
   */
  readonly lastRun: () => SourceRun | undefined;
  /** Called with the merged facts of all sources after any of them changed: they may call for a closer look. */
  readonly onSnapshot?: (snapshot: Snapshot) => void;
  /** Releases everything. Called once `run` has ended, or if it is never called. Idempotent. */
  readonly close: () => void;
}
