/**
 * What a web configuration file calls things by Go's names, and what they are called here.
 *
 * Names are those of Go's crypto/tls that exporter-toolkit takes. What Go itself has come to call insecure is not among
 * them. Knows nothing of the file.
 */
import type { SecureVersion } from 'node:tls';
import type { ClientAuth } from './settings.ts';

export const VERSIONS: ReadonlyMap<string, SecureVersion> = new Map([
  ['TLS12', 'TLSv1.2'],
  ['TLS13', 'TLSv1.3'],
]);

export const CLIENT_AUTHS: ReadonlyMap<string, ClientAuth> = new Map([
  ['', 'none'],
  ['NoClientCert', 'none'],
  ['RequestClientCert', 'requested'],
  ['RequireAnyClientCert', 'required'],
  // What exporter-toolkit called it first.
  ['RequireClientCert', 'required'],
  ['VerifyClientCertIfGiven', 'verified_if_given'],
  ['RequireAndVerifyClientCert', 'verified'],
]);

/** Suites of TLS 1.3 are all on, in Go as here, whether they are listed or not. */
export const ALWAYS = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];

export const CIPHERS: ReadonlyMap<string, string> = new Map([
  ...ALWAYS.map((name) => [name, name] as const),
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

/** Where none is listed: keys that are forgotten with the connection, and no CBC. */
export const USUAL: readonly string[] = [...CIPHERS].flatMap(([name, ours]) =>
  name.includes('_CBC_') ? [] : [ours],
);

export const CURVES: ReadonlyMap<string, string> = new Map([
  ['CurveP256', 'P-256'],
  ['CurveP384', 'P-384'],
  ['CurveP521', 'P-521'],
  ['X25519', 'X25519'],
]);

/** Headers that may be set, and the values that each may have; any where there are none. */
export const HEADERS: ReadonlyMap<string, readonly string[]> = new Map([
  ['Content-Security-Policy', []],
  ['Strict-Transport-Security', []],
  ['X-Content-Type-Options', ['nosniff']],
  ['X-Frame-Options', ['deny', 'sameorigin']],
  ['X-XSS-Protection', []],
]);
