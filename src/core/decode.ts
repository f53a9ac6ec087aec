/**
 * From the bytes of a file to the claims of the token in it: decoded, never verified.
 *
 * Pure: bytes in, data out, and no piece of the token in either. Knows nothing of files or clocks.
 * The signature is found but never made a string.
 */
import { InvalidTokenError, jwtDecode } from 'jwt-decode';
import { type ClaimsResult, parseClaims } from './claims.ts';

export type Decoded = ClaimsResult | { readonly ok: false; readonly reason: 'empty' | 'not_a_jwt' };

const DOT = 0x2e;
const SPACES = new Set([0x09, 0x0a, 0x0d, 0x20]);
/** More of them before a token are no slip of the hand. */
const MAX_SPACES = 64;
const BASE64URL = /^[\w-]+$/;
/** By byte: a token has hundreds of them to look up. */
const IS_BASE64URL = new Uint8Array(256);
for (const byte of Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'))
  IS_BASE64URL[byte] = 1;

/** Every token of a signing key carries the same header, so a few entries serve a whole node. */
const headers = new Map<string, unknown>();
const MAX_HEADERS = 64;
const MAX_HEADER_LENGTH = 512;

/** A Secret made by hand often ends in a line break; clients of the API server trim it, so do we. */
function trim(bytes: Buffer): Buffer {
  let start = 0;
  let end = bytes.length;
  while (start < end && SPACES.has(bytes[start] ?? 0)) start += 1;
  while (end > start && SPACES.has(bytes[end - 1] ?? 0)) end -= 1;
  return bytes.subarray(start, end);
}

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

/** Byte by byte, so that no string of the signature is left for the garbage collector to find. */
function isSignature(bytes: Buffer): boolean {
  let length = 0;
  while (length < bytes.length && IS_BASE64URL[bytes[length] ?? 0] === 1) length += 1;
  return length > 0 && length === bytes.length;
}

/** Whether a file that is no token was at least meant as one: every JWT opens with the base64 of `{"`. */
export function looksLikeJwt(bytes: Buffer): boolean {
  let start = 0;
  while (start < MAX_SPACES && SPACES.has(bytes[start] ?? 0)) start += 1;
  return bytes[start] === 0x65 && bytes[start + 1] === 0x79 && bytes[start + 2] === 0x4a;
}

/**
 * Decodes a token. Any bytes give claims or a reason, never a throw.
 */
export function decodeToken(bytes: Buffer): Decoded {
  const token = trim(bytes);
  if (token.length === 0) return { ok: false, reason: 'empty' };
  const first = token.indexOf(DOT);
  const second = token.indexOf(DOT, first + 1);
  if (first <= 0 || second < 0) return { ok: false, reason: 'not_a_jwt' };
  if (!isSignature(token.subarray(second + 1))) return { ok: false, reason: 'not_a_jwt' };
  return decodeParts(token.toString('latin1', 0, first), token.toString('latin1', first + 1, second));
}

function decodeParts(header: string, payload: string): Decoded {
  if (!BASE64URL.test(header) || !BASE64URL.test(payload)) return { ok: false, reason: 'not_a_jwt' };
  try {
    return parseClaims(decodeHeader(header), decodePayload(payload));
  } catch (error) {
    // Both messages may quote the token, so nothing of the error is kept.
    if (error instanceof InvalidTokenError || error instanceof SyntaxError)
      return { ok: false, reason: 'not_a_jwt' };
    throw error;
  }
}
