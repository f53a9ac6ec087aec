/**
 * Stores objects of one kind as the API server does: every change gets a new revision and is reported to a listener.
 */
import { apiTime } from './api-time.ts';
import type { ObjectMeta } from './objects.ts';

export interface StoredObject {
  readonly metadata: ObjectMeta;
}

export interface ObjectChange<T extends StoredObject = StoredObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** The new state, or the last state of a deleted object; its resourceVersion is that of the change. */
  readonly object: T;
  /** Undefined if the object is new. */
  readonly before: T | undefined;
}

export interface ObjectStore<T extends StoredObject> {
  readonly get: (namespace: string, name: string) => T | undefined;
  /** Returns the object as stored. An object with the same name and another UID is deleted first. */
  readonly set: (object: T) => T;
  readonly delete: (namespace: string, name: string) => void;
  /** Sorted by namespace and name, as the real API server does. */
  readonly list: () => readonly T[];
}

export interface StoreOptions<T extends StoredObject> {
  /** Epoch seconds. */
  readonly now: () => number;
  /** One counter for all objects of all kinds. */
  readonly nextRevision: () => number;
  readonly onChange: (change: ObjectChange<T>) => void;
}

function keyOf(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

export function createStore<T extends StoredObject>(options: StoreOptions<T>): ObjectStore<T> {
  const { now, nextRevision, onChange } = options;
  const objects = new Map<string, T>();

  const stamp = (object: T): T => {
    const metadata = { creationTimestamp: apiTime(now()), ...object.metadata };
    return { ...object, metadata: { ...metadata, resourceVersion: String(nextRevision()) } };
  };

  const remove = (namespace: string, name: string): void => {
    const before = objects.get(keyOf(namespace, name));
    if (before === undefined) return;
    objects.delete(keyOf(namespace, name));
    onChange({ type: 'DELETED', object: stamp(before), before });
  };

  const set = (object: T): T => {
    const { namespace, name, uid } = object.metadata;
    if (objects.get(keyOf(namespace, name))?.metadata.uid !== uid) remove(namespace, name);
    const before = objects.get(keyOf(namespace, name));
    const stored = stamp(object);
    objects.set(keyOf(namespace, name), stored);
    onChange({ type: before === undefined ? 'ADDED' : 'MODIFIED', object: stored, before });
    return stored;
  };

  const list = (): readonly T[] =>
    [...objects].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, object]) => object);
  return { get: (namespace, name) => objects.get(keyOf(namespace, name)), set, delete: remove, list };
}
