/**
 * The code of an error, such as `ENOENT` or `ERR_TLS_CERT_ALTNAME_INVALID`; undefined for an error without one.
 *
 * A code is safe to log. A message may quote what it was about.
 */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
