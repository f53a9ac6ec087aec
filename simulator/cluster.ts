/**
 * The state of the API server: objects, signing keys, and the tokens it issues.
 *
 * Handles the kubelet's TokenRequests; error messages are those of the real API server, word for word.
 */
import { randomUUID } from 'node:crypto';
import { type Authority, type AuthorityOptions, createAuthority } from './authority.ts';
import { legacyClaims, projectedClaims, type Reference } from './claims.ts';
import { createStore, type ObjectChange, type ObjectStore, type StoredObject } from './object-store.ts';
import type { Pod, PodEvent, Secret, ServiceAccount, TokenProjection } from './objects.ts';
import { expireEvents, type MountFailure, recordFailure } from './pod-events.ts';
import { err, ok, type Result } from './result.ts';
import { type KubernetesVersion, kubernetesVersion } from './version.ts';

/** The kinds of objects that are stored. */
export type Resource = 'pods' | 'serviceaccounts' | 'secrets' | 'events';

export interface Change extends ObjectChange {
  readonly resource: Resource;
}

export interface IssuedToken {
  readonly token: string;
  /** Epoch seconds. */
  readonly expiresAt: number;
}

/** The error is the message of the API server. */
export type TokenResult = Result<IssuedToken>;

export interface Cluster extends Omit<Authority, 'sign'> {
  readonly version: KubernetesVersion;
  /** Epoch seconds. */
  readonly now: () => number;
  /** The revision of the latest change. */
  readonly revision: () => number;
  /** Calls the listener for every change of an object. Returns a function that unsubscribes it. */
  readonly onChange: (listener: (change: Change) => void) => () => void;
  /** Sorted by namespace and name. */
  readonly list: (resource: Resource) => readonly StoredObject[];
  readonly pod: (namespace: string, name: string) => Pod | undefined;
  readonly serviceAccount: (namespace: string, name: string) => ServiceAccount | undefined;
  readonly secret: (namespace: string, name: string) => Secret | undefined;
  readonly configMap: (namespace: string, name: string) => Readonly<Record<string, string>> | undefined;
  /** Returns the pod with its new resourceVersion. */
  readonly setPod: (pod: Pod) => Pod;
  readonly deletePod: (namespace: string, name: string) => void;
  /** The kubelet of a node posts a FailedMount event. It is lost while the API server is unavailable. */
  readonly recordFailure: (failure: MountFailure, nodeName: string) => void;
  /** Returns the account and creates it if it does not exist. A recreated account gets a new UID. */
  readonly createServiceAccount: (namespace: string, name: string) => ServiceAccount;
  /** Stores an account, or replaces the one with the same name. */
  readonly addServiceAccount: (account: ServiceAccount) => void;
  readonly deleteServiceAccount: (namespace: string, name: string) => void;
  readonly createLegacySecret: (namespace: string, name: string, serviceAccount: string) => Secret;
  readonly addSecret: (secret: Secret) => void;
  readonly deleteSecret: (namespace: string, name: string) => void;
  readonly setConfigMap: (namespace: string, name: string, data: Readonly<Record<string, string>>) => void;
  /** From now on, TokenRequests for this audience fail. */
  readonly denyAudience: (audience: string) => void;
  /** While unavailable, TokenRequests fail with `connection refused`. */
  readonly setAvailable: (isAvailable: boolean) => void;
  /** TokenRequest for a pod on a node. */
  readonly requestToken: (pod: Pod, projection: TokenProjection, node: Reference) => TokenResult;
}

export interface ClusterOptions extends AuthorityOptions {
  readonly now: () => number;
  /** `v1.36.3` by default. */
  readonly version?: string;
  /**
   * `--service-account-extend-token-expiration`: the lifetime of default tokens, a year by default. Some clouds cap it,
   * and others do not extend tokens, which is undefined.
   */
  readonly extendedSeconds?: number | undefined;
}

/** The API server extends only tokens with this requested lifetime. */
const DEFAULT_TOKEN_SECONDS = 3607;
const YEAR = 31_536_000;

function newMetadata(namespace: string, name: string) {
  return { namespace, name, uid: randomUUID() };
}

/** One store per kind, all with revisions from the same counter. */
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
  return (
    serviceaccounts.get(namespace, name) ?? serviceaccounts.set({ metadata: newMetadata(namespace, name) })
  );
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
      metadata: { ...newMetadata(namespace, name), annotations },
      type: 'kubernetes.io/service-account-token',
      data: { 'ca.crt': 'a certificate\n', namespace, token },
    });
  };
}

interface Issuance {
  readonly authority: Authority;
  readonly version: KubernetesVersion;
  readonly extendedSeconds: number | undefined;
  readonly now: () => number;
}

function issueToken(
  { metadata, spec }: Pod,
  { audience, expirationSeconds }: TokenProjection,
  node: Reference,
  account: ServiceAccount,
  { authority, version, extendedSeconds, now }: Issuance,
): TokenResult {
  const audiences = audience === undefined ? authority.audiences() : [audience];
  const isForApiServer = audiences.every((one) => authority.audiences().includes(one));
  const claims = projectedClaims(
    {
      issuer: authority.issuer(),
      audiences,
      namespace: metadata.namespace,
      serviceAccount: { name: spec.serviceAccountName ?? 'default', uid: account.metadata.uid },
      pod: { name: metadata.name, uid: metadata.uid },
      node: version.hasNodeClaim ? node : undefined,
      expirationSeconds,
      extendedSeconds:
        isForApiServer && expirationSeconds === DEFAULT_TOKEN_SECONDS ? extendedSeconds : undefined,
      id: version.hasTokenId ? randomUUID() : undefined,
    },
    now(),
  );
  return ok({ token: authority.sign(claims), expiresAt: claims.iat + expirationSeconds });
}

/** The refusal of the NodeRestriction admission plugin. */
function audienceRefusal(
  audience: string,
  account: string,
  node: Reference,
  version: KubernetesVersion,
): string {
  const reason = `audience "${audience}" not found in pod spec volume`;
  const rest = `, system:node:${node.name} is not authorized to request tokens for this audience`;
  return `serviceaccounts "${account}" is forbidden: ${reason}${version.namesNodeInRefusal ? rest : ''}`;
}

function createTokenIssuer(stores: Stores, issuance: Issuance) {
  const deniedAudiences = new Set<string>();
  const requestToken = (pod: Pod, projection: TokenProjection, node: Reference): TokenResult => {
    const name = pod.spec.serviceAccountName ?? 'default';
    const account = stores.serviceaccounts.get(pod.metadata.namespace, name);
    if (account === undefined) return err(`serviceaccounts "${name}" not found`);
    if (projection.audience !== undefined && deniedAudiences.has(projection.audience))
      return err(audienceRefusal(projection.audience, name, node, issuance.version));
    return issueToken(pod, projection, node, account, issuance);
  };
  return { requestToken, denyAudience: (audience: string) => void deniedAudiences.add(audience) };
}

export function createCluster(options: ClusterOptions): Cluster {
  const { now } = options;
  const authority = createAuthority(options);
  const stores = createStores(now);
  const { pods, serviceaccounts, secrets, events } = stores;
  const configMaps = new Map<string, Readonly<Record<string, string>>>();
  const version = kubernetesVersion(options.version);
  const extendedSeconds = 'extendedSeconds' in options ? options.extendedSeconds : YEAR;
  const tokenIssuer = createTokenIssuer(stores, { authority, version, extendedSeconds, now });
  let isAvailable = true;

  return {
    ...authority,
    version,
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
    denyAudience: tokenIssuer.denyAudience,
    setAvailable: (value) => {
      isAvailable = value;
    },
    requestToken: (pod, projection, node) =>
      isAvailable
        ? tokenIssuer.requestToken(pod, projection, node)
        : err('dial tcp 127.0.0.1:6443: connect: connection refused'),
  };
}
