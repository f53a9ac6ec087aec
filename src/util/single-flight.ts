/**
 * Concurrent calls for the same key share one execution and its outcome, like Go's `singleflight`.
 */
export interface SingleFlight<K, V> {
  /** Returns the call in flight for the key. */
  readonly inFlight: (key: K) => Promise<V> | undefined;
  /** Joins the call in flight for the key, or starts one. */
  readonly run: (key: K, work: () => Promise<V>) => Promise<V>;
}

export function createSingleFlight<K, V>(): SingleFlight<K, V> {
  const calls = new Map<K, Promise<V>>();
  const start = (key: K, work: () => Promise<V>): Promise<V> => {
    const call = work().finally(() => calls.delete(key));
    calls.set(key, call);
    return call;
  };
  return { inFlight: (key) => calls.get(key), run: (key, work) => calls.get(key) ?? start(key, work) };
}
