/**
 * The exporter's own token, as its own mount shows it.
 *
 * Beside what the node's folder shows of the same pod it proves that the right folder is looked into; its audiences
 * are those of the API server. Knows nothing of what is done with either.
 */
import { realpathSync } from 'node:fs';
import { decodeToken } from '../../core/decode.ts';
import type { TokenClaims } from '../../core/token.ts';
import { failureOf } from '../files/failures.ts';
import { withContent } from '../files/token-file.ts';

/** Follows the links of the mount, which is the exporter's own; a file that is replaced meanwhile reads as none. */
function resolve(path: string): string | undefined {
  try {
    // The kernel's way, in one step: Node's own would have to be allowed every folder above.
    return realpathSync.native(path);
  } catch (error) {
    failureOf(error);
    return undefined;
  }
}

/** The claims of the token at `path`; undefined where there is none that can be read. */
export function readOwnToken(path: string): TokenClaims | undefined {
  const file = resolve(path);
  return file === undefined
    ? undefined
    : withContent(file, (bytes) => {
        const decoded = decodeToken(bytes);
        return decoded.ok ? decoded.value : undefined;
      });
}
