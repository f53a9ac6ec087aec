/**
 * The facts of all sources: merged into one object, and judged at the time of each snapshot.
 */
import { type Facts, NO_FACTS, type SourceFacts } from '../core/facts.ts';
import { advanceHistory, NEW_HISTORY, NO_HISTORY, recordProblems } from '../core/history.ts';
import type { Snapshot, TakeSnapshot } from '../core/snapshot.ts';
import { listSources, type Sources } from './sources.ts';

export interface StateOptions {
  readonly sources: Sources;
  readonly takeSnapshot: TakeSnapshot;
  /** Unix seconds. */
  readonly now: () => number;
  /** Whether the facts are refreshed for long enough to tell a token that is missing from one that is late. */
  readonly isContinuous: boolean;
}

export interface State {
  /** To be called after the facts of a source may have changed. Passes the snapshot on to all sources and returns it. */
  readonly refresh: () => Snapshot;
  /** All facts, judged at this instant. */
  readonly snapshot: () => Snapshot;
}

function sourceFacts(sources: Sources): SourceFacts {
  const entries = Object.entries(sources).map(([facts, source]) => [facts, source?.facts()] as const);
  return { ...NO_FACTS, ...Object.fromEntries(entries.filter(([, facts]) => facts !== undefined)) };
}

export function createState({ sources, takeSnapshot, now, isContinuous }: StateOptions): State {
  const all = listSources(sources);
  let history = isContinuous ? NEW_HISTORY : NO_HISTORY;

  const merge = (): Facts => ({
    ...sourceFacts(sources),
    runs: new Map(all.map(({ name, lastRun }) => [name, lastRun()])),
    history,
  });
  const snapshot = (): Snapshot => {
    const current = takeSnapshot(merge(), now());
    if (isContinuous) history = recordProblems(current, history);
    return current;
  };

  const refresh = (): Snapshot => {
    const first = snapshot();
    history = advanceHistory(first, history);
    // Mostly nothing has changed, and another snapshot would be equal.
    const current = first.history === history ? first : snapshot();
    for (const { onSnapshot } of all) onSnapshot?.(current);
    return current;
  };
  return { refresh, snapshot };
}
