/**
 * Cache keys for secrets: an HMAC under a random key that never leaves the process, so that no secret has to be kept.
 */
import { createHmac, randomBytes } from 'node:crypto';

/** Returns a function that digests the concatenation of its arguments. */
export function createKeyedDigest(): (...parts: readonly (string | Uint8Array)[]) => string {
  const key = randomBytes(32);
  return (...parts) => {
    const hmac = createHmac('sha256', key);
    for (const part of parts) hmac.update(part);
    return hmac.digest('base64');
  };
}
