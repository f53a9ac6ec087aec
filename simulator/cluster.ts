/**
 * The API server's memory: objects, signing keys, and the tokens it grants or refuses.
 *
 * Answers a kubelet's token requests as the real one does, refusals word for word. Knows nothing of files or HTTP.
 */
import { randomUUID } from 'node:crypto';
import { type Authority, type AuthorityOptions, createAuthority } from './authority.ts';
import { legacyClaims, projectedClaims, type Reference } from './claims.ts';
import { createStore, type ObjectChange, type ObjectStore, type StoredObject } from './object-store.ts';
import type { Pod, PodEvent, Secret, ServiceAccount, TokenProjection } from './objects.ts';
import { expireEvents, type MountFailure, recordFailure } from './pod-events.ts';

/** The kinds of objects that are kept. */
export type Resource = 'pods' | 'serviceaccounts' | 'secrets' | 'events';

export interface Change extends ObjectChange {
  readonly resource: Resource;
}

export type TokenAnswer =
  | { readonly ok: true; readonly token: string; readonly expiresAt: number }
  /** As the API server words it. */
  | { readonly ok: false; readonly message: string };

export interface Cluster extends Omit<Authority, 'sign'> {
  readonly now: () => number;
  /** Of the last change of anything. */
  readonly revision: () => number;
  /** Tells every change of an object from now on; answers how to end that. */
  readonly onChange: (listener: (change: Change) => void) => () => void;
  /** By namespace and name. */
  readonly list: (resource: Resource) => readonly StoredObject[];
  readonly pod: (namespace: string, name: string) => Pod | undefined;
  readonly serviceAccount: (namespace: string, name: string) => ServiceAccount | undefined;
  readonly secret: (namespace: string, name: string) => Secret | undefined;
  readonly configMap: (namespace: string, name: string) => Readonly<Record<string, string>> | undefined;
  /** Keeps the pod as it is now, and answers it with its new resourceVersion. */
  readonly setPod: (pod: Pod) => Pod;
  readonly deletePod: (namespace: string, name: string) => void;
  /** A node's kubelet says that a volume of a pod could not be had; lost while the API server is not available. */
  readonly recordFailure: (failure: MountFailure, nodeName: string) => void;
  /** The account, made where it is not there; deleted and made again it has another. */
  readonly createServiceAccount: (namespace: string, name: string) => ServiceAccount;
  /** Takes an account over as it is. */
  readonly addServiceAccount: (account: ServiceAccount) => void;
  readonly deleteServiceAccount: (namespace: string, name: string) => void;
  readonly createLegacySecret: (namespace: string, name: string, serviceAccount: string) => Secret;
  readonly addSecret: (secret: Secret) => void;
  readonly deleteSecret: (namespace: string, name: string) => void;
  readonly setConfigMap: (namespace: string, name: string, data: Readonly<Record<string, string>>) => void;
  readonly refuseAudience: (audience: string) => void;
  /** While it is not, every request fails as it does where nobody listens. */
  readonly setAvailable: (isAvailable: boolean) => void;
  /** TokenRequest for a pod on a node. */
  readonly requestToken: (pod: Pod, projection: TokenProjection, node: Reference) => TokenAnswer;
}

export interface ClusterOptions extends AuthorityOptions {
  readonly now: () => number;
}

/** The API server takes only this lifetime for that of a default token. */
const DEFAULT_TOKEN_SECONDS = 3607;

function refused(message: string): TokenAnswer {
  return { ok: false, message };
}

function metaOf(namespace: string, name: string) {
  return { namespace, name, uid: randomUUID() };
}

/** Every kind's objects, numbered by one counter. */
function createStores(now: () => number) {
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
    revision: () => revision,
    onChange: (listener: (change: Change) => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

type Stores = ReturnType<typeof createStores>;

function createAccount({ serviceaccounts }: Stores, namespace: string, name: string): ServiceAccount {
  return serviceaccounts.get(namespace, name) ?? serviceaccounts.set({ metadata: metaOf(namespace, name) });
}

function createLegacySecret(stores: Stores, authority: Authority) {
  return (namespace: string, name: string, serviceAccount: string): Secret => {
    const { uid } = createAccount(stores, namespace, serviceAccount).metadata;
    const token = authority.sign(
      legacyClaims({ namespace, serviceAccount: { name: serviceAccount, uid }, secretName: name }),
    );
    const annotations = {
      'kubernetes.io/service-account.name': serviceAccount,
      'kubernetes.io/service-account.uid': uid,
    };
    return stores.secrets.set({
      metadata: { ...metaOf(namespace, name), annotations },
      type: 'kubernetes.io/service-account-token',
      data: { 'ca.crt': 'a certificate\n', namespace, token },
    });
  };
}

function grant(
  { metadata, spec }: Pod,
  { audience, expirationSeconds }: TokenProjection,
  node: Reference,
  account: ServiceAccount,
  authority: Authority,
  now: number,
): TokenAnswer {
  const audiences = audience === undefined ? authority.audiences() : [audience];
  const isForApiServer = audiences.every((one) => authority.audiences().includes(one));
  const claims = projectedClaims(
    {
      issuer: authority.issuer(),
      audiences,
      namespace: metadata.namespace,
      serviceAccount: { name: spec.serviceAccountName ?? 'default', uid: account.metadata.uid },
      pod: { name: metadata.name, uid: metadata.uid },
      node,
      expirationSeconds,
      isExtended: isForApiServer && expirationSeconds === DEFAULT_TOKEN_SECONDS,
      id: randomUUID(),
    },
    now,
  );
  return { ok: true, token: authority.sign(claims), expiresAt: claims.iat + expirationSeconds };
}

/** TokenRequest, while the API server is there. */
function createGranter(stores: Stores, authority: Authority, now: () => number) {
  const refusedAudiences = new Set<string>();
  const requestToken = (pod: Pod, projection: TokenProjection, node: Reference): TokenAnswer => {
    const name = pod.spec.serviceAccountName ?? 'default';
    const account = stores.serviceaccounts.get(pod.metadata.namespace, name);
    if (account === undefined) return refused(`serviceaccounts "${name}" not found`);
    if (projection.audience !== undefined && refusedAudiences.has(projection.audience))
      return refused(`audience "${projection.audience}" not found in pod spec volume`);
    return grant(pod, projection, node, account, authority, now());
  };
  return { requestToken, refuseAudience: (audience: string) => void refusedAudiences.add(audience) };
}

export function createCluster(options: ClusterOptions): Cluster {
  const { now } = options;
  const authority = createAuthority(options);
  const stores = createStores(now);
  const { pods, serviceaccounts, secrets, events } = stores;
  const configMaps = new Map<string, Readonly<Record<string, string>>>();
  const granter = createGranter(stores, authority, now);
  let isAvailable = true;

  return {
    ...authority,
    now,
    revision: stores.revision,
    onChange: stores.onChange,
    list: (resource) => {
      expireEvents(events, now());
      return stores[resource].list();
    },
    pod: pods.get,
    setPod: pods.set,
    deletePod: pods.delete,
    recordFailure: (failure, nodeName) => {
      if (isAvailable) recordFailure(events, failure, nodeName, now());
    },
    serviceAccount: serviceaccounts.get,
    createServiceAccount: (namespace, name) => createAccount(stores, namespace, name),
    addServiceAccount: (account) => void serviceaccounts.set(account),
    deleteServiceAccount: serviceaccounts.delete,
    secret: secrets.get,
    createLegacySecret: createLegacySecret(stores, authority),
    addSecret: (secret) => void secrets.set(secret),
    deleteSecret: secrets.delete,
    configMap: (namespace, name) => configMaps.get(`${namespace}/${name}`),
    setConfigMap: (namespace, name, data) => void configMaps.set(`${namespace}/${name}`, data),
    refuseAudience: granter.refuseAudience,
    setAvailable: (value) => {
      isAvailable = value;
    },
    requestToken: (pod, projection, node) =>
      isAvailable
        ? granter.requestToken(pod, projection, node)
        : refused('dial tcp 127.0.0.1:6443: connect: connection refused'),
  };
}
