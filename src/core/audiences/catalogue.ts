/**
 * Well-known volumes: the paths of their tokens, and the audiences their receivers accept.
 *
 * Taken from what the webhooks and charts of these services write into pod specs.
 */
import { matchesPattern } from '../../util/pattern.ts';
import type { VolumeKind } from '../token/token.ts';

interface CatalogueEntry {
  readonly party: 'catalogue';
  /** Name of the volume; `*` matches any text. */
  readonly volume: string;
  readonly path: string;
  /** `*` matches any text. */
  readonly audiences: readonly string[];
  /** Names the entry in messages. */
  readonly origin: string;
}

/** The ServiceAccount admission plugin appends five characters. */
const DEFAULT_VOLUME = 'kube-api-access-*';

const AZURE = [
  'api://AzureADTokenExchange',
  'api://AzureADTokenExchangeUSGov',
  'api://AzureADTokenExchangeChina',
  'api://AzureADTokenExchangeUSNat',
  'api://AzureADTokenExchangeUSSec',
];

function entry(service: string, volume: string, path: string, ...audiences: string[]): CatalogueEntry {
  return { party: 'catalogue', origin: `the catalogue entry for ${service}`, volume, path, audiences };
}

/** Volumes with a fixed name and a fixed use, with every audience that a service uses in any region or version. */
export const CATALOGUE: readonly CatalogueEntry[] = [
  entry(
    'AWS IAM roles for service accounts',
    'aws-iam-token',
    'token',
    'sts.amazonaws.com',
    'sts.*.amazonaws.com',
    'sts.amazonaws.com.cn',
    'sts.*.amazonaws.com.cn',
    // The default of kOps.
    'amazonaws.com',
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

const BY_PATH: ReadonlyMap<string, readonly CatalogueEntry[]> = Map.groupBy(CATALOGUE, ({ path }) => path);

/** Returns undefined unless this is the path of a well-known token. */
export function catalogueEntryFor(volume: string, path: string): CatalogueEntry | undefined {
  return BY_PATH.get(path)?.find((entry) => matchesPattern(entry.volume, volume));
}

/** Whether this is the path of an automounted token. */
export function isDefaultTokenPath(volumeKind: VolumeKind, volume: string, path: string): boolean {
  return volumeKind === 'projected' && path === 'token' && matchesPattern(DEFAULT_VOLUME, volume);
}

/**
 * Whether the kubelet is known to write a token to this path, so that any other content there is an error.
 *
 * Elsewhere a file counts as a token only if it holds one: it may just as well be a ca.crt.
 */
export function isTokenPath(volumeKind: VolumeKind, volume: string, path: string): boolean {
  if (isDefaultTokenPath(volumeKind, volume, path)) return true;
  return volumeKind === 'projected' && catalogueEntryFor(volume, path) !== undefined;
}
