/**
 * The bytes of a raw token: what may stand around them, and what they may be.
 *
 * Works on bytes, since a string of a token stays on the heap until it is collected.
 */
import { isBase64urlByte } from './base64url.ts';

const DOT = 0x2e;

/** Tab, line feed, carriage return or space. */
export function isTokenSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/**
 * The token without the white space around it, in the same memory.
 *
 * A Secret written by hand often ends in a line break. Clients of the API server trim it (client-go,
 * transport/token_source.go), so the token in such a file works.
 */
export function trimToken(bytes: Buffer): Buffer {
  let start = 0;
  let end = bytes.length;
  while (start < end && isTokenSpace(bytes[start])) start += 1;
  while (end > start && isTokenSpace(bytes[end - 1])) end -= 1;
  return start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end);
}

/** Whether the bytes are those of a compact JWS (RFC 7515, section 7.1), which JSON takes without escapes. */
export function isTokenText(token: Buffer): boolean {
  return token.length > 0 && token.every((byte) => byte === DOT || isBase64urlByte(byte));
}
