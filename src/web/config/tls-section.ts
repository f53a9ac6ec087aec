/**
 * The section of a web configuration file that says whether and how TLS is spoken.
 *
 * Knows what the file says, not what is in the files that it names.
 */
import type { SecureVersion } from 'node:tls';
import { ALWAYS, CIPHERS, CLIENT_AUTHS, CURVES, USUAL, VERSIONS } from './go-names.ts';
import type { Section } from './section.ts';
import * as read from './section.ts';
import type { ClientAuth, TlsContext } from './settings.ts';

/** Where a certificate or a key is: in a file, or in this one. */
export type Pem = { readonly file: string } | { readonly text: string };

export type TlsChoice = Pick<
  TlsContext,
  'minVersion' | 'maxVersion' | 'ciphers' | 'honorCipherOrder' | 'ecdhCurve'
>;

export interface TlsDocument {
  readonly cert: Pem;
  readonly key: Pem;
  readonly clientCa: Pem | undefined;
  readonly clientAuth: ClientAuth;
  readonly allowedNames: readonly string[];
  readonly choice: TlsChoice;
}

/** exporter-toolkit takes TLS for wanted where one of these is set. */
const PEM_KEYS = ['cert', 'cert_file', 'key', 'key_file', 'client_ca', 'client_ca_file'];
export const TLS_KEYS = [
  ...PEM_KEYS,
  'client_auth_type',
  'client_allowed_sans',
  'min_version',
  'max_version',
  'cipher_suites',
  'prefer_server_cipher_suites',
  'curve_preferences',
];

function readPem(tls: Section, key: string): Pem | undefined {
  const [text, file] = [read.text(tls, key), read.text(tls, `${key}_file`)];
  if (text && file) read.problem(tls, key, `is given twice, here and as ${key}_file`);
  if (text) return { text };
  return file ? { file } : undefined;
}

function readNeeded(tls: Section, key: string): Pem {
  const pem = readPem(tls, key);
  if (pem === undefined) read.problem(tls, key, `this or ${key}_file is needed`);
  return pem ?? { text: '' };
}

/** Names of certificates and of what signs them go together, or the one is not looked at. */
function readClients(tls: Section): Pick<TlsDocument, 'clientCa' | 'clientAuth' | 'allowedNames'> {
  const clientAuth = read.oneOf(tls, 'client_auth_type', CLIENT_AUTHS) ?? 'none';
  const clientCa = readPem(tls, 'client_ca');
  const allowedNames = read.texts(tls, 'client_allowed_sans') ?? [];
  const isVerified = clientAuth === 'verified' || clientAuth === 'verified_if_given';
  if (isVerified && clientCa === undefined)
    read.problem(tls, 'client_auth_type', 'needs client_ca_file: whom it is to trust');
  if (clientAuth === 'none' && clientCa !== undefined)
    read.problem(tls, 'client_auth_type', 'is needed for client_ca to be used');
  // Of a certificate that nobody has verified, anybody can choose the names.
  if (read.has(tls, 'client_allowed_sans') && clientAuth !== 'verified')
    read.problem(tls, 'client_allowed_sans', 'needs client_auth_type RequireAndVerifyClientCert');
  return { clientAuth, clientCa, allowedNames };
}

function readChoice(tls: Section): TlsChoice {
  const version = (key: string, initial: SecureVersion): SecureVersion =>
    read.oneOf(tls, key, VERSIONS) ?? initial;
  const [minVersion, maxVersion] = [version('min_version', 'TLSv1.2'), version('max_version', 'TLSv1.3')];
  if (minVersion > maxVersion) read.problem(tls, 'min_version', 'is above max_version');
  const ciphers = read.someOf(tls, 'cipher_suites', CIPHERS) ?? [];
  const curves = read.someOf(tls, 'curve_preferences', CURVES) ?? [];
  return {
    minVersion,
    maxVersion,
    ciphers: [...new Set([...ALWAYS, ...(ciphers.length === 0 ? USUAL : ciphers)])].join(':'),
    honorCipherOrder: read.boolean(tls, 'prefer_server_cipher_suites') ?? true,
    ecdhCurve: curves.length === 0 ? undefined : curves.join(':'),
  };
}

/** Answers undefined for plain HTTP. */
export function readTls(tls: Section): TlsDocument | undefined {
  const clients = readClients(tls);
  const choice = readChoice(tls);
  const isWanted = [...PEM_KEYS, 'client_auth_type'].some((key) => read.text(tls, key));
  if (!isWanted) return undefined;
  return { cert: readNeeded(tls, 'cert'), key: readNeeded(tls, 'key'), ...clients, choice };
}
