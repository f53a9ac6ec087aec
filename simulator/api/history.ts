/**
 * The latest changes of each kind, as far back as the API server remembers: what watches start from.
 *
 * Knows nothing of connections or selectors.
 */
import type { Change, Cluster } from '../cluster.ts';
import type { ObjectResource } from './request.ts';

export type Since =
  | { readonly ok: true; readonly changes: readonly Change[] }
  /** `oldest` is the revision to start from at least. */
  | { readonly ok: false; readonly oldest: number };

export interface History {
  /** What changed after a revision. */
  readonly since: (revision: number) => Since;
  /** Tells every later change; answers how to end that. */
  readonly follow: (listener: (change: Change) => void) => () => void;
}

export interface Histories {
  readonly of: (resource: ObjectResource) => History;
  /** Forgets all changes up to now, as after a restart. */
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
    since: (revision: number): Since =>
      revision < oldest
        ? { ok: false, oldest }
        : { ok: true, changes: changes.filter((change) => revisionOf(change) > revision) },
    follow: (listener: (change: Change) => void) => {
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

/** Keeps at most `limit` changes of each kind. */
export function createHistories(cluster: Cluster, limit: number): Histories {
  const open = () => createHistory(cluster.revision(), limit);
  const histories = { pods: open(), serviceaccounts: open(), events: open() };
  const close = cluster.onChange((change) => {
    if (change.resource !== 'secrets') histories[change.resource].record(change);
  });
  const compact = (): void => {
    for (const history of Object.values(histories)) history.compact(cluster.revision());
  };
  return { of: (resource) => histories[resource], compact, close };
}
