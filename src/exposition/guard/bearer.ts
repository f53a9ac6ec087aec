/**
 * The bearer token of a request, and the key by which it can be remembered without being kept.
 *
 * Knows nothing of what a token says.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { Attempt } from '../../core/access.ts';

/** RFC 6750, 2.1; the name of the scheme in any case (RFC 9110, 11.1). */
const BEARER = /^Bearer +(?<token>[\w.~+/-]+=*)$/i;
/** As much as Node takes of all headers together. */
const MAX_LENGTH = 16 * 1024;

/** Undefined where the header holds none. */
export function bearerToken(authorization: string | undefined): string | undefined {
  if (authorization === undefined || authorization.length > MAX_LENGTH) return undefined;
  return BEARER.exec(authorization)?.groups?.['token'];
}

/** The same key for the same token and attempt, which says nothing of either to whoever reads the memory later. */
export function createKeyOf(): (token: string, attempt: Attempt) => string {
  const secret = randomBytes(32);
  return (token, { verb, path }) =>
    // Neither a token nor a verb holds a space.
    createHmac('sha256', secret).update(`${token} ${verb} ${path}`).digest('base64');
}
