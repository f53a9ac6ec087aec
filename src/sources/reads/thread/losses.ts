/**
 * Why a folder is not watched, from the error of the system call.
 */
import type { Loss } from '../protocol.ts';
import type { Errno } from './libc.ts';

const BY_ERRNO: Readonly<Record<Errno | 'busy', Loss | undefined>> = {
  busy: 'busy',
  EMFILE: 'max_user_instances',
  ENFILE: 'max_user_instances',
  ENOENT: undefined,
  ENOSPC: 'max_user_watches',
  ENOTDIR: undefined,
  other: 'other',
};

/** Undefined if the folder is gone, which is no loss: a volume may be unmounted at any moment. */
export function lossOf(errno: Errno | 'busy'): Loss | undefined {
  return BY_ERRNO[errno];
}
