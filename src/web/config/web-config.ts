/**
 * The web configuration of the server: TLS, headers, users and rate limit.
 */
import type { SecureVersion } from 'node:tls';
import type { RateLimit } from '../../util/token-bucket.ts';

/** What the server demands of client certificates, from nothing to one signed by the configured CA. */
export type ClientAuth = 'none' | 'requested' | 'required' | 'verified_if_given' | 'verified';

/** Options of an OpenSSL context; undefined selects OpenSSL's default. */
export interface TlsContext {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** CA of client certificates. */
  readonly ca: Buffer | undefined;
  readonly minVersion: SecureVersion;
  readonly maxVersion: SecureVersion;
  readonly ciphers: string;
  readonly honorCipherOrder: boolean;
  readonly ecdhCurve: string | undefined;
}

export interface TlsConfig {
  readonly context: TlsContext;
  readonly clientAuth: ClientAuth;
  /** A client certificate must have one of these subject alternative names; empty allows any. */
  readonly allowedNames: readonly string[];
}

export interface WebConfig {
  /** Undefined for plain HTTP. */
  readonly tls: TlsConfig | undefined;
  /** Set on every HTTP response, unless a page sets its own value. */
  readonly headers: ReadonlyMap<string, string>;
  /** bcrypt hashes by user; empty disables basic authentication. */
  readonly users: ReadonlyMap<string, string>;
  /** Of all requests together. */
  readonly rateLimit: RateLimit | undefined;
}

/** Without a file: plain HTTP, open to all. */
export const NO_WEB_CONFIG: WebConfig = {
  tls: undefined,
  headers: new Map(),
  users: new Map(),
  rateLimit: undefined,
};
