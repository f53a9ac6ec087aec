/**
 * From the bytes of a file to the claims of the token in it: decoded, never verified.
 *
 * Pure: bytes in, data out, and no piece of the token in either. Knows nothing of files or clocks.
 * The signature is found but never made a string.
 */
import { InvalidTokenError, jwtDecode } from 'jwt-decode';
import { isBase64url } from '../util/base64url.ts';
import { isTokenSpace, trimToken } from '../util/raw-token.ts';
import { err, type Result } from '../util/result.ts';
import { type ClaimsError, parseClaims } from './claims.ts';
import type { TokenClaims } from './token.ts';

export type DecodeError = ClaimsError | { readonly reason: 'empty' | 'not_a_jwt' };

const DOT = 0x2e;
/** More of them before a token are no slip of the hand. */
const MAX_SPACES = 64;
const BASE64URL = /^[\w-]+$/;

/** Every token of a signing key carries the same header, so a few entries serve a whole node. */
const headers = new Map<string, unknown>();
const MAX_HEADERS = 64;
const MAX_HEADER_LENGTH = 512;

function decodeHeader(segment: string): unknown {
  if (headers.has(segment)) return headers.get(segment);
  const header: unknown = jwtDecode(segment, { header: true });
  if (segment.length > MAX_HEADER_LENGTH) return header;
  if (headers.size >= MAX_HEADERS) headers.clear();
  headers.set(segment, header);
  return header;
}

/** Natively: jwt-decode takes 25 times as long for a payload (docs/decisions/0003-decoding.md). */
function decodePayload(segment: string): unknown {
  return JSON.parse(Buffer.from(segment, 'base64url').toString('utf8'));
}

/** Whether a file that is no token was at least meant as one: every JWT opens with the base64 of `{"`. */
export function looksLikeJwt(bytes: Buffer): boolean {
  let start = 0;
  while (start < MAX_SPACES && isTokenSpace(bytes[start])) start += 1;
  return bytes[start] === 0x65 && bytes[start + 1] === 0x79 && bytes[start + 2] === 0x4a;
}

/**
 * Decodes a token. Any bytes give claims or a reason, never a throw.
 */
export function decodeToken(bytes: Buffer): Result<TokenClaims, DecodeError> {
  const token = trimToken(bytes);
  if (token.length === 0) return err({ reason: 'empty' });
  const first = token.indexOf(DOT);
  const second = token.indexOf(DOT, first + 1);
  if (first <= 0 || second < 0) return err({ reason: 'not_a_jwt' });
  if (!isBase64url(token.subarray(second + 1))) return err({ reason: 'not_a_jwt' });
  return decodeParts(token.toString('latin1', 0, first), token.toString('latin1', first + 1, second));
}

function decodeParts(header: string, payload: string): Result<TokenClaims, DecodeError> {
  if (!BASE64URL.test(header) || !BASE64URL.test(payload)) return err({ reason: 'not_a_jwt' });
  try {
    return parseClaims(decodeHeader(header), decodePayload(payload));
  } catch (error) {
    // Both messages may quote the token, so nothing of the error is kept.
    if (error instanceof InvalidTokenError || error instanceof SyntaxError)
      return err({ reason: 'not_a_jwt' });
    throw error;
  }
}
