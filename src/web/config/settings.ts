/**
 * How the server is guarded: what a web configuration file comes to, once it and the files it names are read.
 *
 * Knows neither the form of the file nor how requests are answered.
 */
import type { SecureVersion } from 'node:tls';
import type { RateLimit } from '../../util/token-bucket.ts';

/** What is asked of the certificate of a client, from nothing to one that a CA of ours has signed. */
export type ClientAuth = 'none' | 'requested' | 'required' | 'verified_if_given' | 'verified';

/** For a secure context of OpenSSL, which takes undefined for its own defaults. */
export interface TlsContext {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** Who signs certificates of clients. */
  readonly ca: Buffer | undefined;
  readonly minVersion: SecureVersion;
  readonly maxVersion: SecureVersion;
  readonly ciphers: string;
  readonly honorCipherOrder: boolean;
  readonly ecdhCurve: string | undefined;
}

export interface TlsSettings {
  readonly context: TlsContext;
  readonly clientAuth: ClientAuth;
  /** Alternative names, one of which a client's certificate must have; any will do where there are none. */
  readonly allowedNames: readonly string[];
}

export interface WebSettings {
  /** Undefined for plain HTTP. */
  readonly tls: TlsSettings | undefined;
  /** Set on every answer to what is HTTP; those that a page sets itself go before. */
  readonly headers: ReadonlyMap<string, string>;
  /** bcrypt hashes of passwords by user; nobody is asked for one where there are none. */
  readonly users: ReadonlyMap<string, string>;
  /** Of all requests; undefined for none. */
  readonly rateLimit: RateLimit | undefined;
}

export const OPEN: WebSettings = {
  tls: undefined,
  headers: new Map(),
  users: new Map(),
  rateLimit: undefined,
};
