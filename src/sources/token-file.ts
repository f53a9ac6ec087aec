/**
 * Reads one file and tells the token in it.
 *
 * Bounded in bytes and time, opens regular files alone and holds no descriptor when it returns. The raw token
 * lives in this file's buffer, wiped after use. Knows nothing of volumes or of earlier content.
 */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { decodeToken, looksLikeJwt } from '../core/decode.ts';
import type { FileFacts, TokenClaims } from '../core/token.ts';
import { type Failure, failureOf } from './failures.ts';
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

const buffer = Buffer.alloc(MAX_TOKEN_BYTES + 1);

function factsOf({ mode, uid, gid, mtimeMs }: Stats): FileFacts {
  return { mode: mode & 0o7777, uid, gid, modifiedAt: mtimeMs / 1_000 };
}

function failed(reason: Failure['reason'], detail: string): FileReading {
  return { status: 'failed', reason, detail };
}

function interpret(content: Buffer, stats: Stats, isExpected: boolean): FileReading {
  if (!isExpected && !looksLikeJwt(content)) return { status: 'other' };
  if (content.length > MAX_TOKEN_BYTES) return failed('too_large', `more than ${MAX_TOKEN_BYTES} bytes`);
  const decoded = decodeToken(content);
  if (decoded.ok) return { status: 'token', claims: decoded.claims, file: factsOf(stats) };
  if (decoded.reason === 'invalid_claim')
    return failed('invalid_claim', `claim ${decoded.claim} is missing or wrong`);
  if (decoded.reason === 'not_service_account' && !isExpected) return { status: 'other' };
  return failed(decoded.reason, 'not a service-account token');
}

function readOpened(descriptor: number, device: number, isExpected: boolean): FileReading {
  const stats = fstatSync(descriptor);
  if (!stats.isFile()) return failed('not_a_file', 'not a regular file');
  if (stats.dev !== device) return failed('bad_link', 'on another file system than its volume');
  const length = readSync(descriptor, buffer, 0, buffer.length, 0);
  try {
    return interpret(buffer.subarray(0, length), stats, isExpected);
  } finally {
    buffer.fill(0, 0, length);
  }
}

/**
 * Reads the file at `path`, which must lie on `device`.
 *
 * `isExpected`: whether a token is meant to be there, so that anything else is a failure.
 */
export function readTokenFile(path: Path, device: number, isExpected: boolean): FileReading {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, FLAGS);
    return readOpened(descriptor, device, isExpected);
  } catch (error) {
    return { status: 'failed', ...failureOf(error) };
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
