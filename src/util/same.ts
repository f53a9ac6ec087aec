/**
 * Whether two maps hold the same objects under the same keys.
 */
export function sameEntries<K, V>(a: ReadonlyMap<K, V>, b: ReadonlyMap<K, V>): boolean {
  return a.size === b.size && a.entries().every(([key, value]) => b.has(key) && b.get(key) === value);
}
