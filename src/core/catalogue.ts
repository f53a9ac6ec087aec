/**
 * Well-known volumes, and the audiences their receivers accept.
 *
 * Pure. Holds what the webhooks and charts of well-known services write into pod specs; knows nothing of this cluster.
 */
import type { Expectation } from './expectation.ts';
import { matchesPattern } from './pattern.ts';
import type { TokenIdentity } from './token.ts';

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

/** The entry for a token's place, if it is a well-known one. */
export function catalogueEntryFor({ volume, path }: TokenIdentity): Expectation | undefined {
  return CATALOGUE.find((known) => matchesPattern(known.volume, volume) && known.path === path);
}
