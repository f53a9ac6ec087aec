/**
 * Which audiences a token is expected to have, and by whom.
 *
 * Pure. The catalogue holds what the webhooks and charts of well-known services write into pod specs; it knows
 * nothing of this cluster. A user's rule for a token replaces it.
 */
import { matchesPattern } from './pattern.ts';
import type { Token, TokenIdentity } from './token.ts';

/** One party's expectation: satisfied by a token that has at least one of the audiences. */
export interface Expectation {
  /** A `*` in one stands for any text. */
  readonly audiences: readonly string[];
  /** Where the expectation comes from, in words. */
  readonly origin: string;
}

/** An expectation and the tokens it is for. */
export interface AudienceRule extends Expectation {
  readonly matches: (identity: TokenIdentity) => boolean;
}

export interface AudiencePolicy {
  /** The user's own rules: the first that matches a token holds for it. */
  readonly rules: readonly AudienceRule[];
  readonly useCatalogue: boolean;
}

interface CatalogueEntry extends Expectation {
  readonly volume: string;
  readonly path: string;
}

const AZURE = [
  'api://AzureADTokenExchange',
  'api://AzureADTokenExchangeUSGov',
  'api://AzureADTokenExchangeChina',
  'api://AzureADTokenExchangeUSNat',
  'api://AzureADTokenExchangeUSSec',
];

function entry(service: string, volume: string, path: string, ...audiences: string[]): CatalogueEntry {
  return { origin: `the catalogue's entry for ${service}`, volume, path, audiences };
}

/** Volumes with a fixed name and a fixed use. Where a service's audience differs by region or age, all are in. */
export const CATALOGUE: readonly CatalogueEntry[] = [
  entry(
    'AWS IAM roles for service accounts',
    'aws-iam-token',
    'token',
    'sts.amazonaws.com',
    'sts.*.amazonaws.com',
    'sts.amazonaws.com.cn',
    'sts.*.amazonaws.com.cn',
  ),
  entry(
    'EKS Pod Identity',
    'eks-pod-identity-token',
    'eks-pod-identity-token',
    'pods.eks.amazonaws.com',
    'pods.eks.amazonaws.com.cn',
  ),
  entry('Azure Workload Identity', 'azure-identity-token', 'azure-identity-token', ...AZURE),
  entry(
    'Azure Workload Identity',
    'azure-workload-identity-reserved-*',
    'token/azure-identity-token',
    ...AZURE,
  ),
  entry(
    'Google Workload Identity Federation',
    'gcp-iam-token',
    'token',
    'sts.googleapis.com',
    'https://iam.googleapis.com/projects/*',
    '//iam.googleapis.com/projects/*',
    '*.svc.id.goog',
  ),
  entry('Alibaba Cloud RRSA', 'rrsa-oidc-token', 'oidc-token', 'sts.aliyuncs.com'),
  entry('OpenShift', 'bound-sa-token', 'token', 'openshift', 'sts.amazonaws.com', ...AZURE),
  entry('Linkerd', 'linkerd-identity-token', 'linkerd-identity-token', 'identity.l5d.io'),
  entry('Istio', 'istio-token', 'istio-token', 'istio-ca', '*.svc.id.goog'),
  entry('SPIRE', 'spire-token', 'spire-agent', 'spire-server'),
  entry('Vault', 'vault-token', 'vault-token', 'vault'),
  entry('Dapr', 'dapr-identity-token', 'token', 'spiffe://*/dapr-sentry', 'dapr.io/sentry'),
  entry('Sigstore', 'oidc-info', 'oidc-token', 'sigstore'),
];

export function satisfies(audiences: readonly string[], expectation: Expectation): boolean {
  return expectation.audiences.some((pattern) =>
    audiences.some((audience) => matchesPattern(pattern, audience)),
  );
}

function catalogueEntryFor({ volume, path }: TokenIdentity): Expectation | undefined {
  return CATALOGUE.find((known) => matchesPattern(known.volume, volume) && known.path === path);
}

/** Every expectation known for a token; empty where nobody expects anything. */
export function expectationsFor(
  { identity, volumeKind }: Token,
  policy: AudiencePolicy,
): readonly Expectation[] {
  const rule = policy.rules.find(({ matches }) => matches(identity));
  if (rule !== undefined) return [rule];
  const known = policy.useCatalogue && volumeKind === 'projected' ? catalogueEntryFor(identity) : undefined;
  return known === undefined ? [] : [known];
}
