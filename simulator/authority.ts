/**
 * The issuer and signing keys of the API server. Private keys never leave this file.
 */
import { createHash, generateKeyPairSync, sign, type webcrypto } from 'node:crypto';

type SigningAlgorithm = 'RS256' | 'ES256';

export interface SigningKey {
  readonly keyId: string;
  /** As published in the JWKS of the API server. */
  readonly publicJwk: webcrypto.JsonWebKey & { readonly kid: string };
  /** Returns a signed JWT with this payload. */
  readonly sign: (payload: unknown) => string;
}

export interface AuthorityOptions {
  readonly algorithm?: SigningAlgorithm;
  /** `--service-account-issuer`, the first one. */
  readonly issuer?: string;
  /** `--api-audiences`; defaults to all accepted issuers. */
  readonly audiences?: readonly string[];
}

/** What an API server accepts and publishes. During a roll-out, control planes differ in it. */
export interface Trust {
  /** The issuer that signs and that discovery publishes. */
  readonly issuer: () => string;
  /** `--service-account-issuer`, given several times: tokens of all of them are accepted. */
  readonly issuers: () => readonly string[];
  readonly audiences: () => readonly string[];
  /** All published keys, the newest first. */
  readonly keys: () => readonly SigningKey[];
  /** The published keys, and those that only the API server knows. */
  readonly acceptedKeys: () => readonly SigningKey[];
}

export interface Authority extends Trust {
  readonly sign: (payload: unknown) => string;
  /** Switches to a new signing key and, unless `isOldKept`, withdraws all older keys. */
  readonly changeKey: (isOldKept: boolean) => void;
  /** Removes a key from the published ones. Its tokens are accepted as before, as those of an external signer. */
  readonly unpublishKey: (keyId: string) => void;
  /** Switches to a new issuer. Tokens of the former ones are accepted only if `isOldKept`. */
  readonly changeIssuer: (issuer: string, isOldKept?: boolean) => void;
}

const DEFAULT_ISSUER = 'https://kubernetes.default.svc.cluster.local';

function generateKeyPair(algorithm: SigningAlgorithm) {
  return algorithm === 'RS256'
    ? generateKeyPairSync('rsa', { modulusLength: 2048 })
    : generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function encodeSegment(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function createSigningKey(algorithm: SigningAlgorithm): SigningKey {
  const { privateKey, publicKey } = generateKeyPair(algorithm);
  // k8s.io/kubernetes/pkg/serviceaccount, keyIDFromPublicKey: SHA-256 of the PKIX DER form of the key.
  const der = publicKey.export({ type: 'spki', format: 'der' });
  const keyId = createHash('sha256').update(der).digest('base64url');
  const header = encodeSegment({ alg: algorithm, kid: keyId });
  return {
    keyId,
    publicJwk: { use: 'sig', kid: keyId, alg: algorithm, ...publicKey.export({ format: 'jwk' }) },
    sign: (payload) => {
      const input = `${header}.${encodeSegment(payload)}`;
      // JWS requires the plain r and s values of an ECDSA signature (RFC 7518, 3.4); RSA ignores the encoding.
      const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
      return `${input}.${signature.toString('base64url')}`;
    },
  };
}

export function createAuthority(options: AuthorityOptions): Authority {
  const { algorithm = 'ES256', audiences } = options;
  let issuer = options.issuer ?? DEFAULT_ISSUER;
  let issuers: readonly string[] = [issuer];
  let signingKey = createSigningKey(algorithm);
  let keys: readonly SigningKey[] = [signingKey];
  const unpublished = new Set<string>();
  return {
    issuer: () => issuer,
    issuers: () => issuers,
    audiences: () => audiences ?? issuers,
    keys: () => keys.filter(({ keyId }) => !unpublished.has(keyId)),
    acceptedKeys: () => keys,
    sign: (payload) => signingKey.sign(payload),
    changeKey: (isOldKept) => {
      signingKey = createSigningKey(algorithm);
      keys = isOldKept ? [signingKey, ...keys] : [signingKey];
    },
    unpublishKey: (keyId) => void unpublished.add(keyId),
    changeIssuer: (newIssuer, isOldKept = false) => {
      issuer = newIssuer;
      issuers = [newIssuer, ...(isOldKept ? issuers.filter((one) => one !== newIssuer) : [])];
    },
  };
}

/** What is trusted now, regardless of later changes: a control plane that the roll-out has not reached. */
export function currentTrust(trust: Trust): Trust {
  const [issuer, issuers, audiences] = [trust.issuer(), trust.issuers(), trust.audiences()];
  const [keys, acceptedKeys] = [trust.keys(), trust.acceptedKeys()];
  return {
    issuer: () => issuer,
    issuers: () => issuers,
    audiences: () => audiences,
    keys: () => keys,
    acceptedKeys: () => acceptedKeys,
  };
}
