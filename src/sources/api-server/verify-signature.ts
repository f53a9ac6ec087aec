/**
 * Whether a raw token is signed by a key, by the algorithm it names.
 *
 * The token stays in the bytes it came in: no string is made of its signature. Knows nothing of claims or files.
 */
import { type KeyObject, verify } from 'node:crypto';
import { decodeBase64url } from '../../util/base64url.ts';
import { trimToken } from '../../util/raw-token.ts';

interface Algorithm {
  readonly hash: string;
  readonly keyType: 'rsa' | 'ec';
  /** Of an elliptic curve: its name in OpenSSL. */
  readonly curve?: string;
}

/** Those the API server signs with, and RSA's larger siblings (k8s.io/kubernetes/pkg/serviceaccount, jwt.go). */
const ALGORITHMS: ReadonlyMap<string, Algorithm> = new Map([
  ['RS256', { hash: 'sha256', keyType: 'rsa' }],
  ['RS384', { hash: 'sha384', keyType: 'rsa' }],
  ['RS512', { hash: 'sha512', keyType: 'rsa' }],
  ['ES256', { hash: 'sha256', keyType: 'ec', curve: 'prime256v1' }],
  ['ES384', { hash: 'sha384', keyType: 'ec', curve: 'secp384r1' }],
  ['ES512', { hash: 'sha512', keyType: 'ec', curve: 'secp521r1' }],
]);

const DOT = 0x2e;

/** `raw`: a token as its file holds it. `algorithm`: as its header names it. Never throws. */
export function isSigned(raw: Buffer, algorithm: string, key: KeyObject): boolean {
  const { hash, keyType, curve } = ALGORITHMS.get(algorithm) ?? {};
  if (key.asymmetricKeyType !== keyType || key.asymmetricKeyDetails?.namedCurve !== curve) return false;
  const token = trimToken(raw);
  const dot = token.lastIndexOf(DOT);
  if (dot < 0) return false;
  const signature = decodeBase64url(token.subarray(dot + 1));
  if (signature === undefined) return false;
  // A JWS has the bare r and s of an ECDSA signature (RFC 7518, 3.4); RSA ignores the encoding.
  const isRight = verify(hash, token.subarray(0, dot), { key, dsaEncoding: 'ieee-p1363' }, signature);
  signature.fill(0);
  return isRight;
}
