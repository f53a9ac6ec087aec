/**
 * Names under which secrets are remembered without being kept: they say nothing to whoever reads the memory later.
 *
 * The key is made at the start and never leaves the process. Knows nothing of what is named.
 */
import { createHmac, randomBytes } from 'node:crypto';

/** Makes the function that answers the same text for the same pieces, one after the other. */
export function createKeyedDigest(): (...pieces: readonly (string | Uint8Array)[]) => string {
  const key = randomBytes(32);
  return (...pieces) => {
    const hmac = createHmac('sha256', key);
    for (const piece of pieces) hmac.update(piece);
    return hmac.digest('base64');
  };
}
