/**
 * Parses and verifies JWTs in compact form the way the API server does.
 */
import { createPublicKey, verify } from 'node:crypto';
import type { SigningKey } from './authority.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

export interface Jwt {
  readonly header: JsonObject;
  readonly claims: JsonObject;
  /** Header and claims as they were signed. */
  readonly signingInput: string;
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

/** A field of an object, or the empty string if it is missing or not a string. */
export function stringField(object: unknown, name: string): string {
  const value = isObject(object) ? object[name] : undefined;
  return typeof value === 'string' ? value : '';
}

/** Returns undefined if the text is not a JWT. */
export function parseJwt(token: string): Jwt | undefined {
  const [first = '', second = '', third = '', ...rest] = token.split('.');
  const [header, claims] = [parseSegment(first), parseSegment(second)];
  if (header === undefined || claims === undefined || rest.length > 0 || !BASE64URL.test(third))
    return undefined;
  return { header, claims, signingInput: `${first}.${second}`, signature: Buffer.from(third, 'base64url') };
}

export function isSignedBy({ publicJwk }: SigningKey, { header, signingInput, signature }: Jwt): boolean {
  if (header['alg'] !== publicJwk.alg) return false;
  const key = createPublicKey({ key: publicJwk, format: 'jwk' });
  return verify('sha256', Buffer.from(signingInput), { key, dsaEncoding: 'ieee-p1363' }, signature);
}
