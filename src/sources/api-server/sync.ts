/**
 * Runs of the API server source. A run begins at the start, or when data of a resource stops being current, and
 * succeeds once all of it is current again. Until then each failed request makes it a failed run that still lasts.
 */
import type { ResourceState } from '../../core/cluster-facts.ts';
import type { SourceRun } from '../../core/facts.ts';

export interface Sync {
  /** To be called at the start, and after every change of a state and every failed request. */
  readonly update: (states: Iterable<ResourceState>) => void;
  readonly lastRun: () => SourceRun | undefined;
}

export function createSync(monotonicMs: () => number): Sync {
  /** Undefined while everything is current. */
  let startedMs: number | undefined;
  let lastRun: SourceRun | undefined;

  const update: Sync['update'] = (states) => {
    const down = [...states].filter((state) => !state.isUp);
    if (down.length === 0 && startedMs === undefined) return;
    startedMs ??= monotonicMs();
    const isFailed = down.some(({ failure }) => failure !== 'starting');
    if (down.length > 0 && !isFailed) return;
    lastRun = { isSuccess: !isFailed, seconds: (monotonicMs() - startedMs) / 1_000 };
    if (!isFailed) startedMs = undefined;
  };
  return { update, lastRun: () => lastRun };
}
