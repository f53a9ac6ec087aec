/**
 * base64url without padding (RFC 4648, section 5), on bytes.
 *
 * Node's own decoder takes a string, and a string of a signature stays on the heap until it is collected.
 */
const ALPHABET = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_');
const INVALID = 64;
/** The six bits that each byte stands for. */
const BITS = new Uint8Array(256).fill(INVALID);
for (const [bits, byte] of ALPHABET.entries()) BITS[byte] = bits;

export function isBase64urlByte(byte: number): boolean {
  return BITS[byte] !== INVALID;
}

/** Whether the bytes from `start` on are base64url, one at least. */
export function isBase64url(bytes: Buffer, start = 0): boolean {
  let end = start;
  while (end < bytes.length && isBase64urlByte(bytes[end] ?? 0)) end += 1;
  return end > start && end === bytes.length;
}

/** Returns undefined if a byte is not base64url. Bits that do not fill a byte are dropped. */
export function decodeBase64url(bytes: Buffer): Buffer | undefined {
  const decoded = Buffer.alloc(Math.floor((bytes.length * 3) / 4));
  let [pending, pendingBits, length] = [0, 0, 0];
  for (const byte of bytes) {
    if (!isBase64urlByte(byte)) return undefined;
    pending = ((pending << 6) | (BITS[byte] ?? 0)) & 0x3fff;
    pendingBits += 6;
    if (pendingBits < 8) continue;
    pendingBits -= 8;
    decoded[length] = pending >> pendingBits;
    length += 1;
  }
  return decoded;
}
