/**
 * Reads one file and tells the token in it.
 *
 * Bounded in bytes and time, opens regular files alone and holds no descriptor when it returns. The raw token
 * lives in this file's buffer, wiped after use. Knows nothing of volumes or of earlier content.
 */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { type DecodeError, decodeToken, looksLikeJwt } from '../../core/decode.ts';
import type { FileFacts, TokenClaims } from '../../core/token.ts';
import { type Failure, failureOf, MOUNTED_OVER, NOT_A_FILE } from './failures.ts';
import type { Path } from './paths.ts';

/** An RS256 token is about 1 KiB; a file beyond this is none. */
export const MAX_TOKEN_BYTES = 64 * 1024;
/** A link is never followed, and a FIFO put in place of a file between listing and opening does not block. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

export type FileReading =
  | { readonly status: 'token'; readonly claims: TokenClaims; readonly file: FileFacts }
  /** Neither a token nor meant as one: a ca.crt, a namespace, somebody's password. */
  | { readonly status: 'other' }
  | ({ readonly status: 'failed' } & Failure);

const TOO_LARGE: Failure = { reason: 'too_large', detail: `more than ${MAX_TOKEN_BYTES} bytes` };

/** All zeros between two files. */
const buffer = Buffer.alloc(MAX_TOKEN_BYTES + 1);

function factsOf({ mode, uid, gid, mtimeMs }: Stats): FileFacts {
  return { mode: mode & 0o7777, uid, gid, modifiedAt: mtimeMs / 1_000 };
}

/** What is wrong with content that gave no token. A fault that its first bytes show is told before its size. */
function faultOf(content: Buffer, error: DecodeError): Failure {
  const isCut = content.length > MAX_TOKEN_BYTES;
  if (error.reason === 'invalid_claim')
    return { reason: 'invalid_claim', detail: `claim ${error.claim} is missing or wrong` };
  if (isCut && error.reason === 'not_a_jwt' && looksLikeJwt(content)) return TOO_LARGE;
  return { reason: error.reason, detail: 'not a service-account token' };
}

function interpret(content: Buffer, stats: Stats, isExpected: () => boolean): FileReading {
  const decoded = decodeToken(content);
  if (!decoded.ok) {
    const isOther = decoded.error.reason === 'not_service_account' && !isExpected();
    return isOther ? { status: 'other' } : { status: 'failed', ...faultOf(content, decoded.error) };
  }
  if (content.length > MAX_TOKEN_BYTES) return { status: 'failed', ...TOO_LARGE };
  return { status: 'token', claims: decoded.value, file: factsOf(stats) };
}

/** Reads what is needed of an opened file, lends it for one call, and wipes it. */
function lend<T>(descriptor: number, use: (content: Buffer) => T): T {
  const length = readSync(descriptor, buffer, 0, buffer.length, 0);
  try {
    return use(buffer.subarray(0, length));
  } finally {
    buffer.fill(0, 0, length);
  }
}

function readOpened(descriptor: number, device: number, isExpected: () => boolean): FileReading {
  const stats = fstatSync(descriptor);
  if (!stats.isFile()) return { status: 'failed', ...NOT_A_FILE };
  if (stats.dev !== device) return { status: 'failed', ...MOUNTED_OVER };
  return lend(descriptor, (content) => {
    if (!looksLikeJwt(buffer) && !isExpected()) return { status: 'other' };
    return interpret(content, stats, isExpected);
  });
}

function useOpened<T>(descriptor: number, use: (bytes: Buffer) => T): T | undefined {
  if (!fstatSync(descriptor).isFile()) return undefined;
  return lend(descriptor, (content) => (content.length > MAX_TOKEN_BYTES ? undefined : use(content)));
}

/** Opens the file at `path`, and closes it whatever happens. */
function opened<T>(path: Path, use: (descriptor: number) => T): T {
  const descriptor = openSync(path, FLAGS);
  try {
    return use(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Calls `use` with the content of the file at `path`, wiped afterwards; undefined where it cannot be read. */
export function withContent<T>(path: Path, use: (bytes: Buffer) => T): T | undefined {
  try {
    return opened(path, (descriptor) => useOpened(descriptor, use));
  } catch (error) {
    // Whatever no system call threw came out of `use`, and is rethrown.
    failureOf(error);
    return undefined;
  }
}

/**
 * Reads the file at `path`, which must lie on `device`.
 *
 * `isExpected`: whether a token is meant to be there, so that anything else is a failure. Asked only where there is
 * none.
 */
export function readTokenFile(path: Path, device: number, isExpected: () => boolean): FileReading {
  try {
    return opened(path, (descriptor) => readOpened(descriptor, device, isExpected));
  } catch (error) {
    return { status: 'failed', ...failureOf(error) };
  }
}
