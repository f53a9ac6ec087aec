/**
 * Reads the bearer token of the exporter's requests from its file.
 *
 * The exporter has two tokens in its pod: the default one, which is rotated every 48 minutes, and the canary, which is
 * rotated every 8. After the signing key was withdrawn, the newer one is accepted first.
 */
import { readFileSync } from 'node:fs';
import { decodeToken } from '../../../core/token/decode.ts';
import { trimToken } from '../../../util/raw-token.ts';

/** Paths of files, each with a token of the same user. */
export type TokenFiles = readonly string[];

const MOUNTS = '/var/run/secrets';
export const CANARY_TOKEN = `${MOUNTS}/canary/token`;
/** The mounts of the exporter's own pod. */
export const IN_CLUSTER_TOKENS: TokenFiles = [`${MOUNTS}/kubernetes.io/serviceaccount/token`, CANARY_TOKEN];

interface FoundToken {
  readonly text: string;
  /** 0 if the token does not say. */
  readonly issuedAt: number;
}

/** Credentials of the exporter itself, which become a header: no reason to keep them out of strings. */
function readToken(path: string): readonly FoundToken[] {
  try {
    const bytes = trimToken(readFileSync(path));
    const decoded = decodeToken(bytes);
    const issuedAt = (decoded.ok ? decoded.value.issuedAt : undefined) ?? 0;
    return bytes.length === 0 ? [] : [{ text: bytes.toString('latin1'), issuedAt }];
  } catch {
    return [];
  }
}

/** Returns the token that was issued last; undefined if no file holds one. Never throws. */
export function newestToken(files: TokenFiles): string | undefined {
  const [first, ...others] = files.flatMap(readToken);
  return others.reduce((newest, token) => (token.issuedAt > (newest?.issuedAt ?? 0) ? token : newest), first)
    ?.text;
}
