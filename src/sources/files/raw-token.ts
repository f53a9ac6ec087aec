/**
 * Reads a token file again when the raw token is needed: to verify its signature, or to send a TokenReview.
 *
 * The raw token is available during one call and wiped afterwards.
 */
import { decodeToken } from '../../core/token/decode.ts';
import { isSameToken, type Token } from '../../core/token/token.ts';
import { visitFile } from './folder-visit.ts';
import { currentGeneration } from './generation.ts';
import { isEscaped } from './paths.ts';
import { createPodsRoot, type OpenListener } from './pods/pods-root.ts';
import { withContent } from './token-file.ts';

function holds(bytes: Buffer, { claims }: Token): boolean {
  const decoded = decodeToken(bytes);
  return decoded.ok && isSameToken(decoded.value, claims);
}

/**
 * Creates a function that calls `use` with the bytes of a token's file. It returns undefined if the file cannot be
 * read, or if another token has replaced this one.
 */
export function createReadRaw(rootDir: string, opens?: OpenListener) {
  const root = createPodsRoot(`${rootDir}/pods`, opens);
  return <T>(token: Token, use: (bytes: Buffer) => T): T | undefined => {
    if (token.copy !== undefined) return undefined;
    const { podUid, volume, path } = token.identity;
    // A name that was escaped to be shown is not the name on disk.
    if (isEscaped(`${podUid}${volume}${path}`)) return undefined;
    const directory = `${rootDir}/pods/${podUid}/volumes/kubernetes.io~${token.volumeKind}/${volume}`;
    const generation = currentGeneration(`${directory}/..data`);
    if (!generation.ok) return undefined;
    const file = `${directory}/${generation.value}/${path}`;
    const read = () => withContent(file, (bytes) => (holds(bytes, token) ? use(bytes) : undefined), root);
    return token.volumeKind === 'projected' ? visitFile(root, file, read) : read();
  };
}
