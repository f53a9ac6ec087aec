/**
 * Reads the credentials of basic authentication out of a request (RFC 7617).
 */

export interface Credentials {
  readonly user: string;
  /** As it came, in whatever encoding. */
  readonly password: Buffer;
}

/** From the value of the header Authorization; undefined where it has none of the kind. */
export function readCredentials(authorization: string): Credentials | undefined {
  const [, encoded] = /^Basic +([A-Za-z0-9+/]+={0,2})$/i.exec(authorization) ?? [];
  const decoded = Buffer.from(encoded ?? '', 'base64');
  const colon = decoded.indexOf(':');
  if (colon < 0) return undefined;
  return { user: decoded.toString('utf8', 0, colon), password: decoded.subarray(colon + 1) };
}
