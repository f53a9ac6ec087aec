/**
 * Whether a raw token is signed by a key, by the algorithm it names.
 *
 * The token stays in the bytes it came in: no string is made of its signature. Knows nothing of claims or files.
 */
import { type KeyObject, verify } from 'node:crypto';

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
const ALPHABET = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_');
/** The six bits each character of base64url stands for; 64 where it is none. */
const BITS = new Uint8Array(256).fill(64);
for (const [bits, character] of ALPHABET.entries()) BITS[character] = bits;

/** Whether the byte is one of base64url. */
export function isLetter(byte: number | undefined): boolean {
  return byte !== undefined && (BITS[byte] ?? 64) < 64;
}

/** A raw token without what one made by hand may have around it: clients of the API server trim it. */
export function bareToken(bytes: Buffer): Buffer {
  let [start, end] = [0, bytes.length];
  while (start < end && !isLetter(bytes[start])) start += 1;
  while (end > start && !isLetter(bytes[end - 1])) end -= 1;
  return bytes.subarray(start, end);
}

/** Decodes base64url byte by byte: Node's own decoder wants a string. */
function decode(letters: Buffer): Buffer {
  const decoded = Buffer.alloc(Math.floor((letters.length * 3) / 4));
  let [bits, held, length] = [0, 0, 0];
  for (const letter of letters) {
    bits = ((bits << 6) | (BITS[letter] ?? 0)) & 0x3fff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    decoded[length] = bits >> held;
    length += 1;
  }
  return decoded;
}

/** `raw`: a token as its file holds it. `algorithm`: as its header names it. Never throws. */
export function isSigned(raw: Buffer, algorithm: string, key: KeyObject): boolean {
  const { hash, keyType, curve } = ALGORITHMS.get(algorithm) ?? {};
  if (key.asymmetricKeyType !== keyType || key.asymmetricKeyDetails?.namedCurve !== curve) return false;
  const token = bareToken(raw);
  const dot = token.lastIndexOf(DOT);
  if (dot < 0) return false;
  const signature = decode(token.subarray(dot + 1));
  // A JWS has the bare r and s of an ECDSA signature (RFC 7518, 3.4); RSA ignores the encoding.
  const isRight = verify(hash, token.subarray(0, dot), { key, dsaEncoding: 'ieee-p1363' }, signature);
  signature.fill(0);
  return isRight;
}
