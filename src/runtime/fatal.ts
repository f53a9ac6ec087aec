/**
 * The message of an error that ends the process.
 */
// Not a named import: Node 20 lacks the function, and must get as far as the version check.
import * as util from 'node:util';
import { errorFields } from '../util/log.ts';

/** An error from the operating system, as far as it is used here. */
interface SystemError extends Error {
  readonly errno: number;
  readonly syscall: string;
}

function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && 'syscall' in error && 'errno' in error && typeof error.errno === 'number';
}

/** Any other error is a bug: its name and where it was thrown are safe to print, its message is not. */
export function fatalMessage(error: unknown): string {
  if (isSystemError(error)) return `fatal: ${error.syscall}: ${util.getSystemErrorMessage(error.errno)}`;
  const fields = Object.values(errorFields(error)).filter((field) => field !== '');
  return `fatal: ${fields.join(' ')}`;
}
