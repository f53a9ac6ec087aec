/**
 * Decodes the bytes of a file to the claims of the token in it, without verifying them.
 *
 * Neither claims nor errors contain a piece of the raw token. The signature never becomes a string, which would stay
 * on the heap until it is collected.
 */
import { InvalidTokenError, jwtDecode } from 'jwt-decode';
import { isBase64url } from '../../util/base64url.ts';
import { isTokenSpace, trimToken } from '../../util/raw-token.ts';
import { err, type Result } from '../../util/result.ts';
import { createTtlCache } from '../../util/ttl-cache.ts';
import { type ClaimsError, parseClaims } from './claims.ts';
import type { TokenClaims } from './token.ts';

export type DecodeError = ClaimsError | { readonly reason: 'empty' | 'not_a_jwt' };

const DOT = 0x2e;
/** How much white space before a token can be a mistake. */
const MAX_SPACES = 64;
const BASE64URL = /^[\w-]+$/;

const MAX_HEADER_LENGTH = 512;
/** Tokens signed with the same key have the same header, so a few entries serve a whole node. */
const headers = createTtlCache<unknown>({ maxEntries: 64 });

function decodeHeader(segment: string): unknown {
  const known = headers.get(segment);
  if (known !== undefined) return known;
  const header: unknown = jwtDecode(segment, { header: true });
  if (segment.length <= MAX_HEADER_LENGTH) headers.set(segment, header);
  return header;
}

/** jwt-decode takes 25 times as long for a payload (docs/decisions/0003-decoding.md). */
function decodePayload(segment: string): unknown {
  return JSON.parse(Buffer.from(segment, 'base64url').toString('utf8'));
}

/** What `looksLikeJwt` depends on. */
export const PREFIX_BYTES = MAX_SPACES + 3;

/** Whether a file that cannot be decoded was meant to be a token: every JWT begins with the base64 of `{"`. */
export function looksLikeJwt(bytes: Buffer): boolean {
  let start = 0;
  while (start < MAX_SPACES && isTokenSpace(bytes[start])) start += 1;
  return bytes[start] === 0x65 && bytes[start + 1] === 0x79 && bytes[start + 2] === 0x4a;
}

/** Decodes a token, ignoring white space around it. Never throws. */
export function decodeToken(bytes: Buffer): Result<TokenClaims, DecodeError> {
  const token = trimToken(bytes);
  if (token.length === 0) return err({ reason: 'empty' });
  const first = token.indexOf(DOT);
  const second = token.indexOf(DOT, first + 1);
  if (first <= 0 || second < 0) return err({ reason: 'not_a_jwt' });
  if (!isBase64url(token, second + 1)) return err({ reason: 'not_a_jwt' });
  return decodeParts(token.toString('latin1', 0, first), token.toString('latin1', first + 1, second));
}

function decodeParts(header: string, payload: string): Result<TokenClaims, DecodeError> {
  if (!BASE64URL.test(header) || !BASE64URL.test(payload)) return err({ reason: 'not_a_jwt' });
  try {
    return parseClaims(decodeHeader(header), decodePayload(payload));
  } catch (error) {
    // The messages of both may quote the token: drop the error.
    if (error instanceof InvalidTokenError || error instanceof SyntaxError)
      return err({ reason: 'not_a_jwt' });
    throw error;
  }
}
