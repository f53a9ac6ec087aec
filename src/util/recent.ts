/**
 * Keys that were noted lately, the newest of them.
 *
 * Bounded in keys. Knows nothing of what they stand for.
 */
import { createBoundedMap } from './bounded-map.ts';

export interface Recent {
  readonly has: (key: string) => boolean;
  /** From now on, and for as long again. */
  readonly note: (key: string) => void;
}

export interface RecentOptions {
  readonly maxKeys: number;
  readonly forMs: number;
  /** Milliseconds of a clock that nobody sets. */
  readonly monotonicMs: () => number;
}

export function createRecent({ maxKeys, forMs, monotonicMs }: RecentOptions): Recent {
  const notedMs = createBoundedMap<number>(maxKeys);
  const has = (key: string): boolean => {
    const sinceMs = notedMs.get(key);
    return sinceMs !== undefined && monotonicMs() < sinceMs + forMs;
  };
  return { has, note: (key) => notedMs.set(key, monotonicMs()) };
}
