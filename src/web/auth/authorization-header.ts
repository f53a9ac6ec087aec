/**
 * Credentials in the value of an Authorization header: Basic (RFC 7617) and Bearer (RFC 6750).
 *
 * Scheme names are case-insensitive (RFC 9110, 11.1).
 */

export interface BasicCredentials {
  readonly user: string;
  /** The bytes as sent; their encoding is unknown. */
  readonly password: Buffer;
}

const BASIC = /^Basic +([A-Za-z0-9+/]+={0,2})$/i;
const BEARER = /^Bearer +(?<token>[^ ]+)$/i;
/** RFC 6750, 2.1: no character that JSON or a header would have to escape. */
const BEARER_TOKEN = /^[\w.~+/-]+=*$/;
/** The size of all headers of a request that Node accepts. */
const MAX_LENGTH = 16 * 1024;

export function basicCredentials(authorization: string | undefined): BasicCredentials | undefined {
  const [, encoded] = BASIC.exec(authorization ?? '') ?? [];
  const decoded = Buffer.from(encoded ?? '', 'base64');
  const colon = decoded.indexOf(':');
  if (colon < 0) return undefined;
  return { user: decoded.toString('utf8', 0, colon), password: decoded.subarray(colon + 1) };
}

export function isBearerToken(text: string): boolean {
  return BEARER_TOKEN.test(text);
}

export function bearerToken(authorization: string | undefined): string | undefined {
  if (authorization === undefined || authorization.length > MAX_LENGTH) return undefined;
  const token = BEARER.exec(authorization)?.groups?.['token'];
  return token !== undefined && isBearerToken(token) ? token : undefined;
}
