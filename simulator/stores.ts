/**
 * The objects of the API server: one store per kind, and the revisions that they share.
 */
import { randomUUID } from 'node:crypto';
import { createStore, type ObjectChange, type ObjectStore, type StoredObject } from './object-store.ts';
import type { Claim, Pod, PodEvent, Secret, ServiceAccount } from './objects.ts';

/** The kinds of objects that are stored. */
export type Resource = 'pods' | 'serviceaccounts' | 'secrets' | 'events' | 'persistentvolumeclaims';

export interface Change extends ObjectChange {
  readonly resource: Resource;
}

export function newMetadata(namespace: string, name: string) {
  return { namespace, name, uid: randomUUID() };
}

/** One store per kind, all with revisions from the same counter. */
export function createStores(now: () => number) {
  const listeners = new Set<(change: Change) => void>();
  let revision = 1;
  const open = <T extends StoredObject>(resource: Resource): ObjectStore<T> =>
    createStore<T>({
      now,
      nextRevision: () => ++revision,
      onChange: (change) => {
        for (const listener of listeners) listener({ ...change, resource });
      },
    });
  return {
    pods: open<Pod>('pods'),
    serviceaccounts: open<ServiceAccount>('serviceaccounts'),
    secrets: open<Secret>('secrets'),
    events: open<PodEvent>('events'),
    persistentvolumeclaims: open<Claim>('persistentvolumeclaims'),
    revision: () => revision,
    onChange: (listener: (change: Change) => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

export type Stores = ReturnType<typeof createStores>;

export function createAccount({ serviceaccounts }: Stores, namespace: string, name: string): ServiceAccount {
  return (
    serviceaccounts.get(namespace, name) ?? serviceaccounts.set({ metadata: newMetadata(namespace, name) })
  );
}

export function createConfigMaps() {
  const configMaps = new Map<string, Readonly<Record<string, string>>>();
  const keyOf = (namespace: string, name: string): string => `${namespace}/${name}`;
  return {
    get: (namespace: string, name: string) => configMaps.get(keyOf(namespace, name)),
    set: (namespace: string, name: string, data: Readonly<Record<string, string>>): void =>
      void configMaps.set(keyOf(namespace, name), data),
    delete: (namespace: string, name: string): void => void configMaps.delete(keyOf(namespace, name)),
    deleteAll: (namespace: string): void => {
      for (const key of configMaps.keys()) if (key.startsWith(`${namespace}/`)) configMaps.delete(key);
    },
  };
}

type ConfigMaps = ReturnType<typeof createConfigMaps>;

/** Deletes everything in a namespace except pods and events. */
export function deleteObjects(
  { serviceaccounts, secrets, persistentvolumeclaims }: Stores,
  configMaps: ConfigMaps,
  namespace: string,
): void {
  for (const store of [serviceaccounts, secrets, persistentvolumeclaims])
    for (const { metadata } of store.list())
      if (metadata.namespace === namespace) store.delete(namespace, metadata.name);
  configMaps.deleteAll(namespace);
}
