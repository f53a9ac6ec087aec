/**
 * Objects of one kind as the API server keeps them: stamped with a new revision at every change, which is then told.
 *
 * Knows nothing of what the objects mean, nor of who listens.
 */
import { apiTime } from './api-time.ts';
import type { ObjectMeta } from './objects.ts';

export interface StoredObject {
  readonly metadata: ObjectMeta;
}

export interface ObjectChange<T extends StoredObject = StoredObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** As it is from now on, or was last; its resourceVersion is that of the change. */
  readonly object: T;
  /** Undefined where it is new. */
  readonly before: T | undefined;
}

export interface ObjectStore<T extends StoredObject> {
  readonly get: (namespace: string, name: string) => T | undefined;
  /** Keeps the object and answers it as it is kept; another object of the same name is deleted first. */
  readonly set: (object: T) => T;
  readonly delete: (namespace: string, name: string) => void;
  /** By namespace and name, as the real one lists. */
  readonly list: () => readonly T[];
}

export interface StoreOptions<T extends StoredObject> {
  /** Epoch seconds. */
  readonly now: () => number;
  /** Counts the changes of all objects of all kinds. */
  readonly nextRevision: () => number;
  readonly onChange: (change: ObjectChange<T>) => void;
}

function keyOf(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

export function createStore<T extends StoredObject>(options: StoreOptions<T>): ObjectStore<T> {
  const { now, nextRevision, onChange } = options;
  const held = new Map<string, T>();

  const stamp = (object: T): T => {
    const metadata = { creationTimestamp: apiTime(now()), ...object.metadata };
    return { ...object, metadata: { ...metadata, resourceVersion: String(nextRevision()) } };
  };

  const remove = (namespace: string, name: string): void => {
    const before = held.get(keyOf(namespace, name));
    if (before === undefined) return;
    held.delete(keyOf(namespace, name));
    onChange({ type: 'DELETED', object: stamp(before), before });
  };

  const set = (object: T): T => {
    const { namespace, name, uid } = object.metadata;
    if (held.get(keyOf(namespace, name))?.metadata.uid !== uid) remove(namespace, name);
    const before = held.get(keyOf(namespace, name));
    const stored = stamp(object);
    held.set(keyOf(namespace, name), stored);
    onChange({ type: before === undefined ? 'ADDED' : 'MODIFIED', object: stored, before });
    return stored;
  };

  const list = (): readonly T[] =>
    [...held].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, object]) => object);
  return { get: (namespace, name) => held.get(keyOf(namespace, name)), set, delete: remove, list };
}
