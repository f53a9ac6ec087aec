/**
 * Reads the exporter's own token from its own mount.
 *
 * If the token of the same pod under the kubelet's root directory is the same, that directory is the right one. The
 * audiences of the token are those of the API server.
 */
import { realpathSync } from 'node:fs';
import { decodeToken } from '../../core/token/decode.ts';
import type { TokenClaims } from '../../core/token/token.ts';
import { failureOf } from '../files/failures.ts';
import { withContent } from '../files/token-file.ts';

/** Follows the links that the kubelet makes. Returns undefined if the file does not exist, or not at this moment. */
function resolve(path: string): string | undefined {
  try {
    // One system call. The JavaScript implementation would need permission for every parent folder.
    return realpathSync.native(path);
  } catch (error) {
    failureOf(error);
    return undefined;
  }
}

/** Returns the claims of the token at `path`; undefined if it cannot be read or decoded. */
export function readOwnToken(path: string): TokenClaims | undefined {
  const file = resolve(path);
  return file === undefined
    ? undefined
    : withContent(file, (bytes) => {
        const decoded = decodeToken(bytes);
        return decoded.ok ? decoded.value : undefined;
      });
}

/** The claims of the token that was issued last; undefined if none can be read. */
export function readNewestToken(paths: readonly string[]): TokenClaims | undefined {
  const found = paths.map(readOwnToken).filter((claims) => claims !== undefined);
  return found.toSorted((a, b) => (b.issuedAt ?? 0) - (a.issuedAt ?? 0))[0];
}
