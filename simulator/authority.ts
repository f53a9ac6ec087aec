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
  readonly issuer?: string;
  /** `--api-audiences`; defaults to the issuer. */
  readonly audiences?: readonly string[];
}

export interface Authority {
  readonly issuer: () => string;
  readonly audiences: () => readonly string[];
  /** All published keys. The first one signs. */
  readonly keys: () => readonly SigningKey[];
  readonly sign: (payload: unknown) => string;
  /** Switches to a new signing key and, unless `isOldKept`, withdraws all older keys. */
  readonly changeKey: (isOldKept: boolean) => void;
  readonly changeIssuer: (issuer: string) => void;
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
  let signingKey = createSigningKey(algorithm);
  let keys: readonly SigningKey[] = [signingKey];
  return {
    issuer: () => issuer,
    audiences: () => audiences ?? [issuer],
    keys: () => keys,
    sign: (payload) => signingKey.sign(payload),
    changeKey: (isOldKept) => {
      signingKey = createSigningKey(algorithm);
      keys = isOldKept ? [signingKey, ...keys] : [signingKey];
    },
    changeIssuer: (newIssuer) => {
      issuer = newIssuer;
    },
  };
}
