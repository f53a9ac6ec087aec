/**
 * Why an object cannot be read: a reason code, and a detail that is safe to show.
 */
import type { ReadFailure, Unreadable } from '../../core/observation.ts';
import { errorCode } from '../../util/error-code.ts';

export interface Failure {
  readonly reason: ReadFailure;
  /** Shown to users. Never holds content of a file. */
  readonly detail: string;
}

export const NO_SUCH_FILE: Failure = { reason: 'vanished', detail: 'no such file or directory' };
export const NOT_A_DIRECTORY: Failure = { reason: 'not_a_directory', detail: 'not a directory' };
export const NOT_A_FILE: Failure = { reason: 'not_a_file', detail: 'not a regular file' };
export const OTHER_FILE_SYSTEM: Failure = {
  reason: 'bad_link',
  detail: 'not on the file system of the volume',
};

export const ELSEWHERE: Failure = { reason: 'bad_link', detail: 'the path leads out of the volume' };

/** Thrown instead of a system call that Node's permission model denies. */
const DENIED_BY_NODE = 'ERR_ACCESS_DENIED';

const FAILURES = new Map<string, Failure>([
  ['EACCES', { reason: 'permission_denied', detail: 'permission denied' }],
  ['EPERM', { reason: 'permission_denied', detail: 'operation not permitted' }],
  [DENIED_BY_NODE, { reason: 'permission_denied', detail: "denied by Node's permission model" }],
  ['ENOENT', NO_SUCH_FILE],
  ['ESTALE', { reason: 'vanished', detail: 'stale file handle' }],
  ['ELOOP', { reason: 'bad_link', detail: 'symbolic link cannot be followed' }],
  ['ENOTDIR', NOT_A_DIRECTORY],
  ['EISDIR', NOT_A_FILE],
  ['ENXIO', NOT_A_FILE],
  ['ENODEV', NOT_A_FILE],
]);

function systemErrorCode(error: unknown): string | undefined {
  const code = errorCode(error);
  const isSystemError = error instanceof Error && 'syscall' in error;
  return isSystemError || code === DENIED_BY_NODE ? code : undefined;
}

/** The failure behind an error of a system call or of Node's permission model. Rethrows any other error: a bug. */
export function failureOf(error: unknown): Failure {
  const code = systemErrorCode(error);
  if (code === undefined) throw error;
  return FAILURES.get(code) ?? { reason: 'io_error', detail: `system call failed with ${code}` };
}

/** `object`: as far as it is known. A pod's directory has no volume and no path. */
export function unreadable(object: Partial<Unreadable>, { reason, detail }: Failure): Unreadable {
  const { podUid = '', volume = '', path = '' } = object;
  return { podUid, volume, path, reason, detail };
}
