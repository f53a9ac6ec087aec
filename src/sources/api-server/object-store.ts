/**
 * The objects of a resource by key: those that are readable, and the keys of those that are not.
 */
import { isDeepStrictEqual } from 'node:util';

/** By key: the value of an object, or undefined if it exists but is unreadable. */
export type Entries<T> = Map<string, T | undefined>;

/** A mutation returns whether anything has changed. */
export interface Store<T> {
  readonly put: (key: string, value: T | undefined) => boolean;
  readonly remove: (key: string) => boolean;
  readonly replace: (entries: Entries<T>) => boolean;
  /** The number of readable objects. */
  readonly size: () => number;
  readonly has: (key: string) => boolean;
  /** The same map until something changes. */
  readonly objects: () => ReadonlyMap<string, T>;
  /** The same set until something changes. */
  readonly unreadable: () => ReadonlySet<string>;
}

/** Keeps the result of `make` until it is invalidated. */
function cached<T>(make: () => T) {
  let value: T | undefined;
  const get = (): T => {
    value ??= make();
    return value;
  };
  const invalidate = (): void => {
    value = undefined;
  };
  return { get, invalidate };
}

function createObjects<T>() {
  const all = new Map<string, T>();
  const copy = cached<ReadonlyMap<string, T>>(() => new Map(all));
  const put = (key: string, value: T): boolean => {
    const before = all.get(key);
    // Most updates of a pod change only fields that are trimmed.
    if (before !== undefined && isDeepStrictEqual(before, value)) return false;
    all.set(key, value);
    copy.invalidate();
    return true;
  };
  const remove = (key: string): boolean => {
    const hasChanged = all.delete(key);
    if (hasChanged) copy.invalidate();
    return hasChanged;
  };
  return { put, remove, size: () => all.size, has: (key: string) => all.has(key), objects: copy.get };
}

function createKeys() {
  const all = new Set<string>();
  const copy = cached<ReadonlySet<string>>(() => new Set(all));
  /** Adds or removes a key. */
  const set = (key: string, isMember: boolean): boolean => {
    if (all.has(key) === isMember) return false;
    if (isMember) all.add(key);
    else all.delete(key);
    copy.invalidate();
    return true;
  };
  return { set, keys: copy.get };
}

export function createStore<T>(): Store<T> {
  const { put: putObject, remove: removeObject, size, has, objects } = createObjects<T>();
  const { set: setUnreadable, keys: unreadable } = createKeys();

  const put: Store<T>['put'] = (key, value) => {
    const isNews = setUnreadable(key, value === undefined);
    const hasChanged = value === undefined ? removeObject(key) : putObject(key, value);
    return isNews || hasChanged;
  };
  const remove: Store<T>['remove'] = (key) => {
    const wasUnreadable = setUnreadable(key, false);
    return removeObject(key) || wasUnreadable;
  };
  const replace: Store<T>['replace'] = (entries) => {
    const gone = [...objects().keys(), ...unreadable()].filter((key) => !entries.has(key));
    const removed = gone.filter(remove);
    const changed = [...entries].filter(([key, value]) => put(key, value));
    return removed.length > 0 || changed.length > 0;
  };
  return { put, remove, replace, size, has, objects, unreadable };
}
