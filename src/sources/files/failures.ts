/**
 * From the error of a system call to a reason code.
 *
 * Knows the codes of the calls that reading takes; anything else is `io_error` with its code as detail.
 */
import type { ReadFailure, Unreadable } from '../../core/observation.ts';

export interface Failure {
  readonly reason: ReadFailure;
  /** In words that are safe to show: never a piece of a file. */
  readonly detail: string;
}

export const NOT_A_FILE: Failure = { reason: 'not_a_file', detail: 'not a regular file' };
export const MOUNTED_OVER: Failure = { reason: 'bad_link', detail: 'on another file system than its volume' };

/** Of what Node's permission model forbids, no system call was made. */
const FORBIDDEN = 'ERR_ACCESS_DENIED';

const REASONS = new Map<string, ReadFailure>([
  ['EACCES', 'permission_denied'],
  ['EPERM', 'permission_denied'],
  [FORBIDDEN, 'permission_denied'],
  ['ENOENT', 'vanished'],
  ['ESTALE', 'vanished'],
  ['ELOOP', 'bad_link'],
  ['ENOTDIR', 'not_a_directory'],
  ['EISDIR', 'not_a_file'],
  ['ENXIO', 'not_a_file'],
  ['ENODEV', 'not_a_file'],
]);

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error && 'code' in error)) return undefined;
  if (!('syscall' in error) && error.code !== FORBIDDEN) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** The failure an error stands for. Rethrows what neither a system call nor a missing permission threw: a bug. */
export function failureOf(error: unknown): Failure {
  const code = codeOf(error);
  if (code === undefined) throw error;
  return { reason: REASONS.get(code) ?? 'io_error', detail: code };
}

/** The failure of the object at a place; what the place leaves out lies below the object. */
export function unreadableAt(place: Partial<Unreadable>, { reason, detail }: Failure): Unreadable {
  const { podUid = '', volume = '', path = '' } = place;
  return { podUid, volume, path, reason, detail };
}
