/**
 * A map of texts that never grows beyond a size: what was set longest ago goes first.
 *
 * Knows nothing of what is kept, nor of time.
 */
export interface BoundedMap<T> {
  readonly get: (key: string) => T | undefined;
  /** Makes it the newest. */
  readonly set: (key: string, value: T) => void;
  readonly delete: (key: string) => void;
}

export function createBoundedMap<T>(maxSize: number): BoundedMap<T> {
  const kept = new Map<string, T>();
  const set = (key: string, value: T): void => {
    kept.delete(key);
    kept.set(key, value);
    const [oldest] = kept.keys();
    if (kept.size > maxSize && oldest !== undefined) kept.delete(oldest);
  };
  return { get: (key) => kept.get(key), set, delete: (key) => void kept.delete(key) };
}
