/**
 * A JWT in its compact form, taken apart and verified the way the API server does.
 *
 * Knows nothing of what the claims mean.
 */
import { createPublicKey, verify } from 'node:crypto';
import type { SigningKey } from './signing-key.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

export interface Jwt {
  readonly header: JsonObject;
  readonly claims: JsonObject;
  readonly signed: string;
  readonly signature: Buffer;
}

const BASE64URL = /^[\w-]*$/;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseSegment(text: string): JsonObject | undefined {
  if (!BASE64URL.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    return isObject(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Undefined where it is no JWT at all. */
export function parseJwt(token: string): Jwt | undefined {
  const [first = '', second = '', third = '', ...rest] = token.split('.');
  const [header, claims] = [parseSegment(first), parseSegment(second)];
  if (header === undefined || claims === undefined || rest.length > 0 || !BASE64URL.test(third))
    return undefined;
  return { header, claims, signed: `${first}.${second}`, signature: Buffer.from(third, 'base64url') };
}

/** Whether the key made the signature. */
export function isSignedBy({ publicJwk }: SigningKey, { header, signed, signature }: Jwt): boolean {
  if (header['alg'] !== publicJwk.alg) return false;
  const key = createPublicKey({ key: publicJwk, format: 'jwk' });
  return verify('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }, signature);
}
