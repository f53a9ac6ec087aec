/**
 * The targets of a poller, their results and the order in which they are due. Times are monotonic milliseconds.
 */
import { isDeepStrictEqual } from 'node:util';
import { sameEntries, stable } from '../../util/stable.ts';

export interface WorkQueueOptions<T, K, R> {
  /** Identifies a target. */
  readonly keyOf: (target: T) => K;
  /** Milliseconds from a result to the next request for the same target; undefined stands for no result. */
  readonly ttlMs: (result: R | undefined, target: T) => number;
  /**
   * Milliseconds until the first request for a target; 0 by default, which gives new targets priority. `isNew` is false
   * after `clear`.
   */
  readonly firstDelayMs?: (target: T, isNew: boolean) => number;
  /** Whether a result stays known until it expires after its target was removed; false by default. */
  readonly isKept?: (target: T) => boolean;
}

interface QueueClock {
  readonly monotonicMs: () => number;
}

export interface Due<T> {
  readonly target: T;
  readonly dueMs: number;
}

interface Entry<T, R> extends Due<T> {
  /** False after the target was removed. */
  readonly isTargeted: boolean;
  /** Whether a request has ended since the target was set. */
  readonly isTried: boolean;
  readonly result: R | undefined;
  /** When the result is dropped. */
  readonly staleMs: number;
}

export interface WorkQueue<T, K, R> {
  /** Replaces all targets. Of those that are due at the same time, the first has priority. */
  readonly setTargets: (targets: readonly T[]) => void;
  /** The next of the targets that pass the filter. */
  readonly next: (filter: (target: T) => boolean) => Due<T> | undefined;
  /** Returns whether anything has changed. Ignores a target that was removed meanwhile. */
  readonly record: (target: T, result: R | undefined) => boolean;
  readonly postpone: (target: T, dueMs: number) => void;
  readonly results: () => ReadonlyMap<K, R>;
  /** Targets for which no request has ended yet. */
  readonly untried: () => readonly K[];
  /** Keys of the targets without a result. */
  readonly unanswered: () => readonly K[];
  /** Drops all results. */
  readonly clear: () => void;
}

const NEVER = Number.NEGATIVE_INFINITY;
/** How long an expired result is kept while no newer one is available. */
const MAX_STALE_MS = 300_000;

export function createWorkQueue<T, K, R>(
  options: WorkQueueOptions<T, K, R>,
  { monotonicMs }: QueueClock,
): WorkQueue<T, K, R> {
  const { keyOf, ttlMs, firstDelayMs = () => 0, isKept = () => false } = options;
  const stableResults = stable<ReadonlyMap<K, R>>(sameEntries);
  let entries = new Map<K, Entry<T, R>>();

  const createEntry = (target: T, isNew: boolean): Entry<T, R> => {
    const delayMs = firstDelayMs(target, isNew);
    const dueMs = delayMs === 0 ? NEVER : monotonicMs() + delayMs;
    return { target, isTargeted: true, isTried: false, dueMs, result: undefined, staleMs: NEVER };
  };
  const targeted = (): (readonly [K, Entry<T, R>])[] => [...entries].filter(([, entry]) => entry.isTargeted);
  const update = (target: T, change: (before: Entry<T, R>) => Partial<Entry<T, R>>): void => {
    const before = entries.get(keyOf(target));
    if (before !== undefined) entries.set(keyOf(target), { ...before, ...change(before) });
  };

  const setTargets = (targets: readonly T[]): void => {
    const before = entries;
    entries = new Map();
    for (const target of targets) {
      const entry = before.get(keyOf(target)) ?? createEntry(target, true);
      entries.set(keyOf(target), { ...entry, target, isTargeted: true });
    }
    for (const [key, entry] of before)
      if (!entries.has(key) && monotonicMs() <= entry.staleMs && isKept(entry.target))
        entries.set(key, { ...entry, isTargeted: false });
  };

  const record = (target: T, result: R | undefined): boolean => {
    const before = entries.get(keyOf(target));
    if (before === undefined) return false;
    const isSame = isDeepStrictEqual(before.result, result);
    const dueMs = monotonicMs() + ttlMs(result, target);
    const kept = isSame ? before.result : result;
    update(target, () => ({ isTried: true, result: kept, dueMs, staleMs: dueMs + MAX_STALE_MS }));
    return !(isSame && before.isTried);
  };

  return {
    setTargets,
    record,
    next: (filter) => earliest(entries.values(), filter),
    postpone: (target, dueMs) => update(target, () => ({ isTried: true, dueMs })),
    results: () => stableResults(currentResults(entries, monotonicMs())),
    unanswered: () => targeted().flatMap(([key, { result }]) => (result === undefined ? [key] : [])),
    untried: () => targeted().flatMap(([key, { isTried }]) => (isTried ? [] : [key])),
    clear: () => {
      entries = new Map(targeted().map(([key, { target }]) => [key, createEntry(target, false)]));
    },
  };
}

/** Of entries that are due at the same time, the first. */
function earliest<T, R>(
  entries: Iterable<Entry<T, R>>,
  filter: (target: T) => boolean,
): Entry<T, R> | undefined {
  let first: Entry<T, R> | undefined;
  for (const entry of entries) {
    const isEarlier = first === undefined || entry.dueMs < first.dueMs;
    if (entry.isTargeted && isEarlier && filter(entry.target)) first = entry;
  }
  return first;
}

function currentResults<T, K, R>(entries: ReadonlyMap<K, Entry<T, R>>, nowMs: number): ReadonlyMap<K, R> {
  const current = new Map<K, R>();
  for (const [key, { result, staleMs }] of entries)
    if (result !== undefined && nowMs <= staleMs) current.set(key, result);
  return current;
}
