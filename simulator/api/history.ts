/**
 * The watch cache: the latest changes of each kind, from which watches can start.
 */
import type { Cluster } from '../cluster.ts';
import { err, ok, type Result } from '../result.ts';
import type { Change } from '../stores.ts';
import type { ObjectResource } from './request.ts';

export interface History {
  /** Returns the changes after a revision. The error is the oldest revision that a watch can start from. */
  readonly since: (revision: number) => Result<readonly Change[], number>;
  /** Calls the listener for every later change. Returns a function that unsubscribes it. */
  readonly subscribe: (listener: (change: Change) => void) => () => void;
}

export interface Histories {
  readonly of: (resource: ObjectResource) => History;
  /** Drops all changes so far, as a restart does. */
  readonly compact: () => void;
  readonly close: () => void;
}

function revisionOf({ object }: Change): number {
  return Number(object.metadata.resourceVersion);
}

function createHistory(start: number, limit: number) {
  const listeners = new Set<(change: Change) => void>();
  let changes: readonly Change[] = [];
  let oldest = start;
  return {
    since: (revision: number): Result<readonly Change[], number> =>
      revision < oldest ? err(oldest) : ok(changes.filter((change) => revisionOf(change) > revision)),
    subscribe: (listener: (change: Change) => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    record: (change: Change): void => {
      const [dropped] = changes.length < limit ? [] : changes;
      if (dropped !== undefined) oldest = revisionOf(dropped);
      changes = [...changes.slice(dropped === undefined ? 0 : 1), change];
      for (const listener of [...listeners]) listener(change);
    },
    compact: (revision: number): void => {
      changes = [];
      oldest = revision;
    },
  };
}

/** `limit` is the maximum number of changes per kind. */
export function createHistories(cluster: Cluster, limit: number): Histories {
  const open = () => createHistory(cluster.revision(), limit);
  const histories = {
    pods: open(),
    serviceaccounts: open(),
    events: open(),
    persistentvolumeclaims: open(),
  };
  const close = cluster.onChange((change) => {
    if (change.resource !== 'secrets') histories[change.resource].record(change);
  });
  const compact = (): void => {
    for (const history of Object.values(histories)) history.compact(cluster.revision());
  };
  return { of: (resource) => histories[resource], compact, close };
}
