/**
 * Reads one file and decodes the token in it.
 *
 * Reads a bounded number of bytes, opens only regular files, and holds no descriptor when it returns. The raw token
 * stays in this module's buffer, which is wiped after use.
 */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { type DecodeError, decodeToken, looksLikeJwt, PREFIX_BYTES } from '../../core/token/decode.ts';
import type { FileFacts, TokenClaims } from '../../core/token/token.ts';
import { err, ok, type Result } from '../../util/result.ts';
import { ELSEWHERE, type Failure, failureOf, NOT_A_FILE, OTHER_FILE_SYSTEM } from './failures.ts';
import type { Path } from './paths.ts';
import type { PodsRoot } from './pods/pods-root.ts';

/** An RS256 token is about 1 KiB; a larger file is not a token. */
export const MAX_TOKEN_BYTES = 64 * 1024;
/** Never follows a link, and does not block on a FIFO that replaced the file after it was listed. */
export const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

export interface TokenFile {
  readonly claims: TokenClaims;
  readonly file: FileFacts;
}

/** Neither a token nor known to be meant to be one, such as a ca.crt, a namespace or a password. */
export interface OtherFile {
  /** Why it would be unreadable if a token belonged there. */
  readonly other: Failure;
}

export type FileReading = Result<TokenFile | OtherFile, Failure>;

const TOO_LARGE: Failure = { reason: 'too_large', detail: `more than ${MAX_TOKEN_BYTES} bytes` };

/** Nearly every token fits, so that one system call reads it. */
const FIRST_BYTES = 4_096;
/** All zeros between two files. */
const buffer = Buffer.alloc(MAX_TOKEN_BYTES + 1);

function factsOf({ mode, uid, gid, mtimeMs }: Stats): FileFacts {
  return { mode: mode & 0o7777, uid, gid, modifiedAt: mtimeMs / 1_000 };
}

/** Why content is not a token. A defect in its first bytes is reported rather than its size. */
function contentFailure(content: Buffer, error: DecodeError): Failure {
  const isCut = content.length > MAX_TOKEN_BYTES;
  if (error.reason === 'invalid_claim')
    return { reason: 'invalid_claim', detail: `claim ${error.claim} is missing or invalid` };
  if (isCut && error.reason === 'not_a_jwt' && looksLikeJwt(content)) return TOO_LARGE;
  return { reason: error.reason, detail: 'not a service account token' };
}

/** Why a file that starts like this is not a token; undefined if it may be one. */
function prefixFailure(prefix: Buffer): Failure | undefined {
  if (looksLikeJwt(prefix)) return undefined;
  const decoded = decodeToken(prefix);
  return decoded.ok ? undefined : contentFailure(prefix, decoded.error);
}

function decode(content: Buffer, stats: Stats, isExpected: () => boolean): FileReading {
  const decoded = decodeToken(content);
  if (!decoded.ok) {
    const isOther = decoded.error.reason === 'not_service_account' && !isExpected();
    const failure = contentFailure(content, decoded.error);
    return isOther ? ok({ other: failure }) : err(failure);
  }
  if (content.length > MAX_TOKEN_BYTES) return err(TOO_LARGE);
  return ok({ claims: decoded.value, file: factsOf(stats) });
}

/** Reads bytes of an open file to the same position of the buffer. Returns where they end. */
function read(descriptor: number, from: number, to: number): number {
  return from + readSync(descriptor, buffer, from, to - from, from);
}

/** Where a file must be. */
export interface Place {
  /** Undefined if it may be on any. */
  readonly device: number | undefined;
  readonly root: PodsRoot;
}

/** Why an open file is not the one at the path; undefined if it is. */
function placeFailure(
  path: Path,
  descriptor: number,
  stats: Stats,
  { device, root }: Place,
): Failure | undefined {
  if (!stats.isFile()) return NOT_A_FILE;
  if (device !== undefined && stats.dev !== device) return OTHER_FILE_SYSTEM;
  return root.holds(descriptor, path) ? undefined : ELSEWHERE;
}

/** Reads on only if the file may be a token, or has to be one. */
function readContent(descriptor: number, stats: Stats, isExpected: () => boolean): FileReading {
  let length = read(descriptor, 0, FIRST_BYTES);
  try {
    const other = prefixFailure(buffer.subarray(0, Math.min(length, PREFIX_BYTES)));
    if (other !== undefined && !isExpected()) return ok({ other });
    if (length === FIRST_BYTES) length = read(descriptor, length, buffer.length);
    return decode(buffer.subarray(0, length), stats, isExpected);
  } finally {
    buffer.fill(0, 0, length);
  }
}

function readOpenFile(path: Path, descriptor: number, place: Place, isExpected: () => boolean): FileReading {
  const stats = fstatSync(descriptor);
  place.root.opens?.openedFile(path, stats);
  const failure = placeFailure(path, descriptor, stats, place);
  return failure === undefined ? readContent(descriptor, stats, isExpected) : err(failure);
}

/**
 * Reads the file at `path`, which must be at `place`.
 *
 * `isExpected`: whether a token belongs there, so that anything else is a failure. Called only if there is no token.
 */
export function readTokenFile(path: Path, place: Place, isExpected: () => boolean): FileReading {
  try {
    place.root.opens?.opening();
    const descriptor = openSync(path, FLAGS);
    try {
      return readOpenFile(path, descriptor, place, isExpected);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    return err(failureOf(error));
  }
}

/** Passes the content of an open file to `use`, unless it is too large for a token. */
function useContent<T>(descriptor: number, use: (bytes: Buffer) => T): T | undefined {
  const length = read(descriptor, 0, buffer.length);
  try {
    return length > MAX_TOKEN_BYTES ? undefined : use(buffer.subarray(0, length));
  } finally {
    buffer.fill(0, 0, length);
  }
}

/**
 * Calls `use` with the content of the file at `path`, which is wiped afterwards. Undefined if it cannot be read, or is not
 * below the root.
 */
export function withContent<T>(path: Path, use: (bytes: Buffer) => T, root?: PodsRoot): T | undefined {
  try {
    root?.opens?.opening();
    const descriptor = openSync(path, FLAGS);
    try {
      const stats = fstatSync(descriptor);
      root?.opens?.openedFile(path, stats);
      if (!stats.isFile() || root?.holds(descriptor, path) === false) return undefined;
      return useContent(descriptor, use);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    // An error of `use` is not of a system call, and is rethrown.
    failureOf(error);
    return undefined;
  }
}
