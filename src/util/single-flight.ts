/**
 * Work under way by key, so that whoever wants the same waits for it and does not begin it again.
 *
 * Knows nothing of the work.
 */
export interface Underway<K, V> {
  /** Undefined where there is none. */
  readonly get: (key: K) => Promise<V> | undefined;
  /** To be called where there is none. */
  readonly begin: (key: K, work: () => Promise<V>) => Promise<V>;
}

export function createUnderway<K, V>(): Underway<K, V> {
  const all = new Map<K, Promise<V>>();
  const begin = (key: K, work: () => Promise<V>): Promise<V> => {
    const doing = work().finally(() => all.delete(key));
    all.set(key, doing);
    return doing;
  };
  return { get: (key) => all.get(key), begin };
}
