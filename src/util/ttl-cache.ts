/**
 * A map from strings, limited in size and optionally in time. The entry that was set longest ago is dropped first.
 */
export interface TtlCache<V> {
  /** Returns undefined if the key is absent or expired. */
  readonly get: (key: string) => V | undefined;
  /** Makes the entry the newest and starts its time to live again. */
  readonly set: (key: string, value: V) => void;
  readonly delete: (key: string) => void;
}

export interface TtlCacheOptions {
  readonly maxEntries: number;
  /** Leave it out to keep entries until newer ones replace them. */
  readonly expiry?: {
    readonly ttlMs: number;
    readonly monotonicMs: () => number;
  };
}

interface Entry<V> {
  readonly value: V;
  readonly setAtMs: number;
}

export function createTtlCache<V>({ maxEntries, expiry }: TtlCacheOptions): TtlCache<V> {
  const entries = new Map<string, Entry<V>>();
  const nowMs = expiry?.monotonicMs ?? (() => 0);
  const ttlMs = expiry?.ttlMs ?? Number.POSITIVE_INFINITY;

  const get = (key: string): V | undefined => {
    const entry = entries.get(key);
    return entry !== undefined && nowMs() < entry.setAtMs + ttlMs ? entry.value : undefined;
  };
  const set = (key: string, value: V): void => {
    entries.delete(key);
    entries.set(key, { value, setAtMs: nowMs() });
    const [oldest] = entries.keys();
    if (entries.size > maxEntries && oldest !== undefined) entries.delete(oldest);
  };
  return { get, set, delete: (key) => void entries.delete(key) };
}
