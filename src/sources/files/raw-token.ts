/**
 * Reads a token once more, for those who need all of it: to verify its signature, or to ask the API server about it.
 *
 * The raw token is lent for the time of one call and wiped. Knows nothing of what it is needed for.
 */
import { decodeToken } from '../../core/decode.ts';
import type { Token } from '../../core/token.ts';
import { readGeneration } from './generation.ts';
import { isEscaped } from './paths.ts';
import { withContent } from './token-file.ts';
import { sameContent } from './volume.ts';

function isOf(bytes: Buffer, { claims }: Token): boolean {
  const decoded = decodeToken(bytes);
  return decoded.ok && sameContent(decoded.value, claims);
}

/**
 * Makes the function that calls `use` with the bytes of a token's file. It answers undefined where the file cannot be
 * read, or holds another token by now.
 */
export function createReadRaw(rootDir: string) {
  return <T>(token: Token, use: (bytes: Buffer) => T): T | undefined => {
    const { podUid, volume, path } = token.identity;
    const folder = `${rootDir}/pods/${podUid}/volumes/kubernetes.io~${token.volumeKind}/${volume}`;
    if (isEscaped(`${podUid}${volume}${path}`)) return undefined;
    const generation = readGeneration({ link: `${folder}/..data` });
    if (!generation.ok) return undefined;
    return withContent(`${folder}/${generation.name}/${path}`, (bytes) =>
      isOf(bytes, token) ? use(bytes) : undefined,
    );
  };
}
