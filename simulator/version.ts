/**
 * What differs between the Kubernetes versions from 1.27 to 1.37, as far as it is visible in tokens and messages.
 *
 * Source: the feature gates and the CHANGELOG of k8s.io/kubernetes.
 */
export interface KubernetesVersion {
  /** `v1.36.3`. */
  readonly gitVersion: string;
  readonly minor: number;
  /** `ServiceAccountTokenJTI`: the claim `jti`, and `credential-id` in reviews; enabled by default since 1.30. */
  readonly hasTokenId: boolean;
  /** `ServiceAccountTokenPodNodeInfo`: the claim `node`; enabled by default since 1.30. */
  readonly hasNodeClaim: boolean;
  /** `LegacyServiceAccountTokenCleanUp`: unused legacy tokens are marked invalid; enabled by default since 1.29. */
  readonly marksUnusedSecrets: boolean;
  /** The prefix of errors about signatures: go-jose moved to a new organization, which 1.33 follows. */
  readonly signatureError: string;
  /** `ServiceAccountNodeAudienceRestriction`, enabled by default since 1.33: the refusal names the node. */
  readonly namesNodeInRefusal: boolean;
}

const NEWEST_MINOR = 37;
const OLDEST_MINOR = 27;
const SIGNATURE_ERROR = 'go-jose: error in cryptographic primitive';

const DEFAULT_VERSION = 'v1.36.3';

/** Throws if the text is not a version from v1.27 to v1.37. */
export function kubernetesVersion(gitVersion: string = DEFAULT_VERSION): KubernetesVersion {
  const minor = Number(/^v1\.(?<minor>\d+)\./.exec(gitVersion)?.groups?.['minor']);
  if (!(minor >= OLDEST_MINOR && minor <= NEWEST_MINOR))
    throw new Error(`unsupported version: ${gitVersion}`);
  return {
    gitVersion,
    minor,
    hasTokenId: minor >= 30,
    hasNodeClaim: minor >= 30,
    marksUnusedSecrets: minor >= 29,
    signatureError: `${minor >= 33 ? 'go-jose' : 'square'}/${SIGNATURE_ERROR}`,
    namesNodeInRefusal: minor >= 33,
  };
}
