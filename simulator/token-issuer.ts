/**
 * Issues tokens: TokenRequests of kubelets, and the tokens of legacy Secrets.
 *
 * Error messages are those of the real API server, word for word.
 */
import { randomUUID } from 'node:crypto';
import type { Authority } from './authority.ts';
import { DEFAULT_TOKEN_SECONDS, legacyClaims, projectedClaims, type Reference } from './claims.ts';
import type { Pod, Secret, ServiceAccount, TokenProjection } from './objects.ts';
import { err, ok, type Result } from './result.ts';
import { createAccount, newMetadata, type Stores } from './stores.ts';
import type { KubernetesVersion } from './version.ts';

export interface IssuedToken {
  readonly token: string;
  /** Epoch seconds. */
  readonly expiresAt: number;
}

/** The error is the message of the API server. */
export type TokenResult = Result<IssuedToken>;

export function createLegacySecret(stores: Stores, authority: Authority) {
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

export interface Issuance {
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

/** The refusal of a request that is bound to a pod that no longer exists. */
function bindingRefusal({ pods }: Stores, { metadata }: Pod, account: string): string | undefined {
  const stored = pods.get(metadata.namespace, metadata.name);
  if (stored === undefined) return `pods "${metadata.name}" not found`;
  if (stored.metadata.uid === metadata.uid) return undefined;
  const reason = `the UID in the bound object reference (${metadata.uid}) does not match the UID in record`;
  return `serviceaccounts "${account}" is forbidden: ${reason}. The object might have been deleted and then recreated`;
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

/** The refusal of the node authorizer, whose graph has no path from the node to the account. */
function nodeRefusal(namespace: string, account: string, { name }: Reference): string {
  const request = `cannot create resource "serviceaccounts/token" in API group "" in the namespace "${namespace}"`;
  const reason = `no relationship found between node '${name}' and this object`;
  return `serviceaccounts "${account}" is forbidden: User "system:node:${name}" ${request}: ${reason}`;
}

export function createTokenIssuer(stores: Stores, issuance: Issuance) {
  const deniedAudiences = new Set<string>();
  const unrelated = new Set<string>();
  const requestToken = (pod: Pod, projection: TokenProjection, node: Reference): TokenResult => {
    const name = pod.spec.serviceAccountName ?? 'default';
    const { namespace } = pod.metadata;
    if (unrelated.has(`${namespace}/${name}`)) return err(nodeRefusal(namespace, name, node));
    const account = stores.serviceaccounts.get(namespace, name);
    if (account === undefined) return err(`serviceaccounts "${name}" not found`);
    const refusal = bindingRefusal(stores, pod, name);
    if (refusal !== undefined) return err(refusal);
    if (projection.audience !== undefined && deniedAudiences.has(projection.audience))
      return err(audienceRefusal(projection.audience, name, node, issuance.version));
    return issueToken(pod, projection, node, account, issuance);
  };
  return {
    requestToken,
    denyAudience: (audience: string): void => void deniedAudiences.add(audience),
    denyNode: (namespace: string, account: string): void => void unrelated.add(`${namespace}/${account}`),
  };
}
