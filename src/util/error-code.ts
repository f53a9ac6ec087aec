/**
 * Returns the code of an error, such as `ENOENT` or `ERR_TLS_CERT_ALTNAME_INVALID`; undefined if it has none.
 *
 * A code is safe to log. A message may quote its input, such as a path or a token.
 */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
