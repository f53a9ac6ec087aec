/**
 * Values that exporter-toolkit names as in Go's crypto/tls, by their names in Node and OpenSSL.
 *
 * Versions and cipher suites that Go considers insecure are left out.
 */
import type { SecureVersion } from 'node:tls';
import type { ClientAuth } from './web-config.ts';

export const VERSIONS: ReadonlyMap<string, SecureVersion> = new Map([
  ['TLS12', 'TLSv1.2'],
  ['TLS13', 'TLSv1.3'],
]);

export const CLIENT_AUTHS: ReadonlyMap<string, ClientAuth | undefined> = new Map([
  ['', undefined],
  ['NoClientCert', 'none'],
  ['RequestClientCert', 'requested'],
  ['RequireAnyClientCert', 'required'],
  // An earlier name in exporter-toolkit.
  ['RequireClientCert', 'required'],
  ['VerifyClientCertIfGiven', 'verified_if_given'],
  ['RequireAndVerifyClientCert', 'verified'],
]);

/** Always enabled, as in Go, regardless of `cipher_suites`. */
export const TLS13_CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
];

export const CIPHERS: ReadonlyMap<string, string> = new Map([
  ...TLS13_CIPHERS.map((name) => [name, name] as const),
  ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA', 'ECDHE-ECDSA-AES128-SHA'],
  ['TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA', 'ECDHE-ECDSA-AES256-SHA'],
  ['TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA', 'ECDHE-RSA-AES128-SHA'],
  ['TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA', 'ECDHE-RSA-AES256-SHA'],
  ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'ECDHE-ECDSA-AES128-GCM-SHA256'],
  ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', 'ECDHE-ECDSA-AES256-GCM-SHA384'],
  ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
  ['TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
  ['TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE-RSA-CHACHA20-POLY1305'],
  ['TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE-ECDSA-CHACHA20-POLY1305'],
]);

/** Without `cipher_suites`: suites with forward secrecy, and none with CBC. */
export const DEFAULT_CIPHERS: readonly string[] = [...CIPHERS].flatMap(([name, ours]) =>
  name.includes('_CBC_') ? [] : [ours],
);

export const CURVES: ReadonlyMap<string, string> = new Map([
  ['CurveP256', 'P-256'],
  ['CurveP384', 'P-384'],
  ['CurveP521', 'P-521'],
  ['X25519', 'X25519'],
]);

/** Headers that may be set, with the values that each allows; an empty list allows any value. */
export const ALLOWED_HEADERS: ReadonlyMap<string, readonly string[]> = new Map([
  ['Content-Security-Policy', []],
  ['Strict-Transport-Security', []],
  ['X-Content-Type-Options', ['nosniff']],
  ['X-Frame-Options', ['deny', 'sameorigin']],
  ['X-XSS-Protection', []],
]);
