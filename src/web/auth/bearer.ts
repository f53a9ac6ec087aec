/**
 * The bearer token of a request, and the key by which it can be remembered without being kept.
 *
 * Knows nothing of what a token says.
 */
import { type Attempt, isBearerToken } from './access.ts';
import { createKeyedDigest } from './keyed-digest.ts';

/** RFC 6750, 2.1; the name of the scheme in any case (RFC 9110, 11.1). */
const BEARER = /^Bearer +(?<token>[^ ]+)$/i;
/** As much as Node takes of all headers together. */
const MAX_LENGTH = 16 * 1024;

/** Undefined where the header holds none. */
export function bearerToken(authorization: string | undefined): string | undefined {
  if (authorization === undefined || authorization.length > MAX_LENGTH) return undefined;
  const token = BEARER.exec(authorization)?.groups?.['token'];
  return token !== undefined && isBearerToken(token) ? token : undefined;
}

/** The same key for the same token and attempt. */
export function createKeyOf(): (token: string, attempt: Attempt) => string {
  const digest = createKeyedDigest();
  // Neither a token nor a verb holds a space.
  return (token, { verb, path }) => digest(`${token} ${verb} ${path}`);
}
