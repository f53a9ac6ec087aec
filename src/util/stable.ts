/**
 * Keeps a value's identity while it is equal to the next one, so that work cached by identity stays cached.
 */

/** Returns a function that returns its previous result instead of an argument equal to it. */
export function stable<T>(isEqual: (a: T, b: T) => boolean): (next: T) => T {
  let last: { readonly value: T } | undefined;
  return (next) => {
    if (last === undefined || !isEqual(last.value, next)) last = { value: next };
    return last.value;
  };
}

/** Whether two lists hold the same objects in the same order. */
export function sameItems<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

/** Whether two maps hold the same objects under the same keys. */
export function sameEntries<K, V>(a: ReadonlyMap<K, V>, b: ReadonlyMap<K, V>): boolean {
  return a.size === b.size && a.entries().every(([key, value]) => b.has(key) && b.get(key) === value);
}

/** Whether two sets hold the same objects. */
export function sameSet<T>(a: ReadonlySet<T>, b: ReadonlySet<T>): boolean {
  return a.size === b.size && a.isSubsetOf(b);
}
