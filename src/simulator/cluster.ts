/**
 * The API server's memory: objects, signing keys, and the tokens it grants or refuses.
 *
 * Answers a kubelet's token requests as the real one does, refusals word for word. Knows nothing of files or HTTP.
 */
import { randomUUID } from 'node:crypto';
import { legacyClaims, projectedClaims, type Reference } from './claims.ts';
import type { Pod, Secret, ServiceAccount, TokenProjection } from './objects.ts';
import { createSigningKey, type SigningAlgorithm, type SigningKey } from './signing-key.ts';

export type TokenAnswer =
  | { readonly ok: true; readonly token: string; readonly expiresAt: number }
  /** As the API server words it. */
  | { readonly ok: false; readonly message: string };

export interface Cluster {
  readonly now: () => number;
  readonly issuer: () => string;
  readonly audiences: () => readonly string[];
  /** Every key that is published; the first one signs. */
  readonly keys: () => readonly SigningKey[];
  readonly serviceAccount: (namespace: string, name: string) => ServiceAccount | undefined;
  readonly secret: (namespace: string, name: string) => Secret | undefined;
  readonly configMap: (namespace: string, name: string) => Readonly<Record<string, string>> | undefined;
  /** The uid of the account, made where it is not there; deleted and made again it has another. */
  readonly createServiceAccount: (namespace: string, name: string) => ServiceAccount;
  /** Takes an account over as it is. */
  readonly addServiceAccount: (account: ServiceAccount) => void;
  readonly deleteServiceAccount: (namespace: string, name: string) => void;
  readonly createLegacySecret: (namespace: string, name: string, serviceAccount: string) => Secret;
  readonly addSecret: (secret: Secret) => void;
  readonly deleteSecret: (namespace: string, name: string) => void;
  readonly setConfigMap: (namespace: string, name: string, data: Readonly<Record<string, string>>) => void;
  /** Signs with a new key; the old one stays published unless it is withdrawn. */
  readonly changeKey: (isOldKept: boolean) => void;
  readonly changeIssuer: (issuer: string) => void;
  readonly refuseAudience: (audience: string) => void;
  /** While it is not, every request fails as it does where nobody listens. */
  readonly setAvailable: (isAvailable: boolean) => void;
  /** TokenRequest for a pod on a node. */
  readonly requestToken: (pod: Pod, projection: TokenProjection, node: Reference) => TokenAnswer;
}

export interface ClusterOptions {
  readonly now: () => number;
  readonly algorithm?: SigningAlgorithm;
  readonly issuer?: string;
  /** `--api-audiences`; the issuer by default. */
  readonly audiences?: readonly string[];
}

const DEFAULT_ISSUER = 'https://kubernetes.default.svc.cluster.local';
/** The API server takes only this lifetime for that of a default token. */
const DEFAULT_TOKEN_SECONDS = 3607;

function keyOf(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

function refused(message: string): TokenAnswer {
  return { ok: false, message };
}

/** Objects of one kind, by namespace and name. */
function createStore<T>() {
  const held = new Map<string, T>();
  return {
    get: (namespace: string, name: string) => held.get(keyOf(namespace, name)),
    set: (namespace: string, name: string, value: T) => {
      held.set(keyOf(namespace, name), value);
      return value;
    },
    delete: (namespace: string, name: string) => void held.delete(keyOf(namespace, name)),
  };
}

function metaOf(namespace: string, name: string) {
  return { namespace, name, uid: randomUUID() };
}

function serviceAccounts() {
  const store = createStore<ServiceAccount>();
  const create = (namespace: string, name: string): ServiceAccount =>
    store.get(namespace, name) ?? store.set(namespace, name, { metadata: metaOf(namespace, name) });
  return { ...store, create };
}

type Accounts = ReturnType<typeof serviceAccounts>;

/** What signs, and under which names. */
function createAuthority({ algorithm = 'ES256', issuer = DEFAULT_ISSUER, audiences }: ClusterOptions) {
  let [keys, currentIssuer, first]: [readonly SigningKey[], string, SigningKey] = [
    [],
    issuer,
    createSigningKey(algorithm),
  ];
  keys = [first];
  return {
    issuer: () => currentIssuer,
    audiences: () => audiences ?? [currentIssuer],
    keys: () => keys,
    sign: (payload: unknown) => first.sign(payload),
    changeKey: (isOldKept: boolean) => {
      first = createSigningKey(algorithm);
      keys = isOldKept ? [first, ...keys] : [first];
    },
    changeIssuer: (to: string) => {
      currentIssuer = to;
    },
  };
}

type Authority = ReturnType<typeof createAuthority>;

function createLegacySecret(
  secrets: ReturnType<typeof createStore<Secret>>,
  accounts: Accounts,
  authority: Authority,
) {
  return (namespace: string, name: string, serviceAccount: string): Secret => {
    const { uid } = accounts.create(namespace, serviceAccount).metadata;
    const token = authority.sign(
      legacyClaims({ namespace, serviceAccount: { name: serviceAccount, uid }, secretName: name }),
    );
    const annotations = {
      'kubernetes.io/service-account.name': serviceAccount,
      'kubernetes.io/service-account.uid': uid,
    };
    return secrets.set(namespace, name, {
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

export function createCluster(options: ClusterOptions): Cluster {
  const { now } = options;
  const authority = createAuthority(options);
  const accounts = serviceAccounts();
  const secrets = createStore<Secret>();
  const configMaps = createStore<Readonly<Record<string, string>>>();
  const refusedAudiences = new Set<string>();
  let isAvailable = true;

  const requestToken = (pod: Pod, projection: TokenProjection, node: Reference): TokenAnswer => {
    const name = pod.spec.serviceAccountName ?? 'default';
    const account = accounts.get(pod.metadata.namespace, name);
    if (!isAvailable) return refused('dial tcp 127.0.0.1:6443: connect: connection refused');
    if (account === undefined) return refused(`serviceaccounts "${name}" not found`);
    if (projection.audience !== undefined && refusedAudiences.has(projection.audience))
      return refused(`audience "${projection.audience}" not found in pod spec volume`);
    return grant(pod, projection, node, account, authority, now());
  };

  return {
    ...authority,
    now,
    serviceAccount: accounts.get,
    secret: secrets.get,
    configMap: configMaps.get,
    createServiceAccount: accounts.create,
    addServiceAccount: (account) => {
      accounts.set(account.metadata.namespace, account.metadata.name, account);
    },
    deleteServiceAccount: accounts.delete,
    createLegacySecret: createLegacySecret(secrets, accounts, authority),
    addSecret: (secret) => {
      secrets.set(secret.metadata.namespace, secret.metadata.name, secret);
    },
    deleteSecret: secrets.delete,
    setConfigMap: configMaps.set,
    refuseAudience: (audience) => void refusedAudiences.add(audience),
    setAvailable: (value) => {
      isAvailable = value;
    },
    requestToken,
  };
}
