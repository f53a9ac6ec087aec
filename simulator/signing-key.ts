/**
 * A key that signs tokens as the API server does, with the names it would publish the key under.
 *
 * Knows nothing of claims. The private half never leaves this file.
 */
import { createHash, generateKeyPairSync, sign, type webcrypto } from 'node:crypto';

export type SigningAlgorithm = 'RS256' | 'ES256';

export interface SigningKey {
  readonly keyId: string;
  /** As in the JWKS that the API server publishes. */
  readonly publicJwk: webcrypto.JsonWebKey & { readonly kid: string };
  /** A JWT over the payload, really signed. */
  readonly sign: (payload: unknown) => string;
}

function generate(algorithm: SigningAlgorithm) {
  return algorithm === 'RS256'
    ? generateKeyPairSync('rsa', { modulusLength: 2048 })
    : generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function segment(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

export function createSigningKey(algorithm: SigningAlgorithm): SigningKey {
  const { privateKey, publicKey } = generate(algorithm);
  // k8s.io/kubernetes/pkg/serviceaccount, keyIDFromPublicKey: the SHA-256 of the key in PKIX DER.
  const der = publicKey.export({ type: 'spki', format: 'der' });
  const keyId = createHash('sha256').update(der).digest('base64url');
  const header = segment({ alg: algorithm, kid: keyId });
  return {
    keyId,
    publicJwk: { use: 'sig', kid: keyId, alg: algorithm, ...publicKey.export({ format: 'jwk' }) },
    sign: (payload) => {
      const input = `${header}.${segment(payload)}`;
      // JWS wants the bare r and s of an ECDSA signature (RFC 7518, 3.4); RSA ignores the encoding.
      const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
      return `${input}.${signature.toString('base64url')}`;
    },
  };
}
