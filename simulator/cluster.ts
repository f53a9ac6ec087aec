/**
 * The state of the API server: objects, signing keys, and the tokens it issues.
 */
import { type Authority, type AuthorityOptions, createAuthority } from './authority.ts';
import type { Reference } from './claims.ts';
import type { StoredObject } from './object-store.ts';
import type { Claim, Pod, Secret, ServiceAccount, TokenProjection } from './objects.ts';
import { expireEvents, type MountFailure, recordFailure } from './pod-events.ts';
import { err } from './result.ts';
import {
  type Change,
  createAccount,
  createConfigMaps,
  createStores,
  deleteObjects,
  newMetadata,
  type Resource,
  type Stores,
} from './stores.ts';
import { createLegacySecret, createTokenIssuer, type TokenResult } from './token-issuer.ts';
import { type KubernetesVersion, kubernetesVersion } from './version.ts';

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
  readonly claim: (namespace: string, name: string) => Claim | undefined;
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
  /** Stores a PersistentVolumeClaim, or replaces the one with the same name. */
  readonly addClaim: (claim: Claim) => void;
  readonly createClaim: (namespace: string, name: string) => Claim;
  readonly deleteClaim: (namespace: string, name: string) => void;
  readonly setConfigMap: (namespace: string, name: string, data: Readonly<Record<string, string>>) => void;
  readonly deleteConfigMap: (namespace: string, name: string) => void;
  /** Deletes everything in a namespace except its pods, which their kubelets terminate. */
  readonly deleteNamespace: (namespace: string) => void;
  /** From now on, TokenRequests for this audience fail. */
  readonly denyAudience: (audience: string) => void;
  /** From now on, the node authorizer refuses TokenRequests for this service account. */
  readonly denyNode: (namespace: string, serviceAccount: string) => void;
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

const YEAR = 31_536_000;

/** While unavailable, TokenRequests fail and events are lost. */
function createAvailability() {
  let isAvailable = true;
  return {
    isAvailable: () => isAvailable,
    setAvailable: (value: boolean): void => {
      isAvailable = value;
    },
  };
}

function accountsOf(
  stores: Stores,
): Pick<Cluster, 'serviceAccount' | 'createServiceAccount' | 'addServiceAccount' | 'deleteServiceAccount'> {
  const { serviceaccounts } = stores;
  return {
    serviceAccount: serviceaccounts.get,
    createServiceAccount: (namespace, name) => createAccount(stores, namespace, name),
    addServiceAccount: (account) => void serviceaccounts.set(account),
    deleteServiceAccount: serviceaccounts.delete,
  };
}

function claimsOf({
  persistentvolumeclaims: claims,
}: Stores): Pick<Cluster, 'claim' | 'addClaim' | 'createClaim' | 'deleteClaim'> {
  return {
    claim: claims.get,
    addClaim: (claim) => void claims.set(claim),
    createClaim: (namespace, name) =>
      claims.get(namespace, name) ?? claims.set({ metadata: newMetadata(namespace, name) }),
    deleteClaim: claims.delete,
  };
}

export function createCluster(options: ClusterOptions): Cluster {
  const { now } = options;
  const authority = createAuthority(options);
  const stores = createStores(now);
  const { pods, secrets, events } = stores;
  const configMaps = createConfigMaps();
  const version = kubernetesVersion(options.version);
  const extendedSeconds = 'extendedSeconds' in options ? options.extendedSeconds : YEAR;
  const tokenIssuer = createTokenIssuer(stores, { authority, version, extendedSeconds, now });
  const { isAvailable, setAvailable } = createAvailability();

  return {
    ...authority,
    ...accountsOf(stores),
    ...claimsOf(stores),
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
      if (isAvailable()) recordFailure(events, failure, nodeName, now());
    },
    secret: secrets.get,
    createLegacySecret: createLegacySecret(stores, authority),
    addSecret: (secret) => void secrets.set(secret),
    deleteSecret: secrets.delete,
    configMap: configMaps.get,
    setConfigMap: configMaps.set,
    deleteConfigMap: configMaps.delete,
    deleteNamespace: (namespace) => deleteObjects(stores, configMaps, namespace),
    denyAudience: tokenIssuer.denyAudience,
    denyNode: tokenIssuer.denyNode,
    setAvailable,
    requestToken: (pod, projection, node) =>
      isAvailable()
        ? tokenIssuer.requestToken(pod, projection, node)
        : err('dial tcp 127.0.0.1:6443: connect: connection refused'),
  };
}
