/**
 * The schema of a web configuration file, in the format of Prometheus's exporter-toolkit (docs/web-configuration.md
 * there).
 *
 * Stricter than exporter-toolkit where its leniency would weaken security. Files that the configuration names are not
 * read here.
 */
import { validateHeaderValue } from 'node:http';
import type { SecureVersion } from 'node:tls';
import { type Contents, type Problems, parseYaml, type YamlReader } from '../../config/yaml-file.ts';
import { parseGoDuration } from '../../util/duration.ts';
import type { Result } from '../../util/result.ts';
import type { RateLimit } from '../../util/token-bucket.ts';
import {
  ALLOWED_HEADERS,
  CIPHERS,
  CLIENT_AUTHS,
  CURVES,
  DEFAULT_CIPHERS,
  TLS13_CIPHERS,
  VERSIONS,
} from './go-names.ts';
import type { NamedText, Section } from './section.ts';
import * as read from './section.ts';
import type { ClientAuth, TlsContext, WebConfig } from './web-config.ts';

/** PEM data, or the file that holds it. */
export type Pem = { readonly file: string } | { readonly text: string };

export type TlsChoices = Pick<
  TlsContext,
  'minVersion' | 'maxVersion' | 'ciphers' | 'honorCipherOrder' | 'ecdhCurve'
>;

export interface TlsDocument {
  readonly cert: Pem;
  readonly key: Pem;
  readonly clientCa: Pem | undefined;
  readonly clientAuth: ClientAuth;
  readonly allowedNames: readonly string[];
  readonly choices: TlsChoices;
}

export interface WebDocument extends Omit<WebConfig, 'tls'> {
  readonly tls: TlsDocument | undefined;
}

/** exporter-toolkit enables TLS if one of these is set. */
const PEM_KEYS = ['cert', 'cert_file', 'key', 'key_file', 'client_ca', 'client_ca_file'];
const TLS_KEYS = [
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
  if (text && file) read.problem(tls, key, `cannot be set together with ${key}_file`);
  if (text) return { text };
  return file ? { file } : undefined;
}

function readRequiredPem(tls: Section, key: string): Pem {
  const pem = readPem(tls, key);
  if (pem === undefined) read.problem(tls, key, `required, unless ${key}_file is set`);
  return pem ?? { text: '' };
}

function readClients(tls: Section): Pick<TlsDocument, 'clientCa' | 'clientAuth' | 'allowedNames'> {
  const clientAuth = read.oneOf(tls, 'client_auth_type', CLIENT_AUTHS) ?? 'none';
  const clientCa = readPem(tls, 'client_ca');
  const allowedNames = read.texts(tls, 'client_allowed_sans') ?? [];
  const isVerified = clientAuth === 'verified' || clientAuth === 'verified_if_given';
  if (isVerified && clientCa === undefined)
    read.problem(tls, 'client_auth_type', 'requires client_ca or client_ca_file');
  if (clientAuth === 'none' && clientCa !== undefined)
    read.problem(tls, 'client_auth_type', 'required, because a client CA is set');
  // A certificate that is not verified can carry any name.
  if (read.has(tls, 'client_allowed_sans') && clientAuth !== 'verified')
    read.problem(tls, 'client_allowed_sans', 'requires client_auth_type RequireAndVerifyClientCert');
  return { clientAuth, clientCa, allowedNames };
}

function readChoices(tls: Section): TlsChoices {
  const version = (key: string, initial: SecureVersion): SecureVersion =>
    read.oneOf(tls, key, VERSIONS) ?? initial;
  const [minVersion, maxVersion] = [version('min_version', 'TLSv1.2'), version('max_version', 'TLSv1.3')];
  if (minVersion > maxVersion) read.problem(tls, 'min_version', 'must not be above max_version');
  const ciphers = read.someOf(tls, 'cipher_suites', CIPHERS) ?? [];
  const curves = read.someOf(tls, 'curve_preferences', CURVES) ?? [];
  return {
    minVersion,
    maxVersion,
    ciphers: [...new Set([...TLS13_CIPHERS, ...(ciphers.length === 0 ? DEFAULT_CIPHERS : ciphers)])].join(
      ':',
    ),
    honorCipherOrder: read.boolean(tls, 'prefer_server_cipher_suites') ?? true,
    ecdhCurve: curves.length === 0 ? undefined : curves.join(':'),
  };
}

/** Returns undefined for plain HTTP. */
function readTls(tls: Section): TlsDocument | undefined {
  const clients = readClients(tls);
  const choices = readChoices(tls);
  const isEnabled = [...PEM_KEYS, 'client_auth_type'].some((key) => read.text(tls, key));
  if (!isEnabled) return undefined;
  return { cert: readRequiredPem(tls, 'cert'), key: readRequiredPem(tls, 'key'), ...clients, choices };
}

function isHeaderValue(name: string, value: string): boolean {
  try {
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}

function headerProblem({ name, text: value }: NamedText): string | undefined {
  const values = ALLOWED_HEADERS.get(name);
  if (values === undefined) return `unsupported header; supported: ${[...ALLOWED_HEADERS.keys()].join(', ')}`;
  if (values.length > 0 && !values.includes(value)) return `${name} must be ${values.join(' or ')}`;
  return isHeaderValue(name, value) ? undefined : `${name} contains characters that headers do not allow`;
}

/** An empty value leaves the header unchanged. */
function readHeaders(http: Section): ReadonlyMap<string, string> {
  const headers = read.named(http, 'headers', headerProblem);
  return new Map(headers.filter(({ text }) => text !== '').map(({ name, text }) => [name, text]));
}

/** `$2y$10$`, the salt and the hash, as `htpasswd -nBC 10` prints them. */
const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
const MIN_COST = 4;
/** Each step doubles the time of a check, during which the process does nothing else: 0.2 s at this cost. */
const MAX_COST = 12;

function userProblem({ name, text: hash }: NamedText): string | undefined {
  // A colon ends the user name in basic authentication (RFC 7617).
  if (name === '' || name.includes(':')) return 'user names must not be empty or contain a colon';
  const cost = Number(BCRYPT.exec(hash)?.[1] ?? 0);
  if (cost === 0) return 'passwords must be bcrypt hashes; create one with htpasswd -nBC 10 ""';
  const isInRange = cost >= MIN_COST && cost <= MAX_COST;
  return isInRange ? undefined : `the bcrypt cost must be from ${MIN_COST} to ${MAX_COST}, not ${cost}`;
}

function readUsers(web: Section): ReadonlyMap<string, string> {
  const users = read.named(web, 'basic_auth_users', userProblem);
  return new Map(users.map(({ name, text }) => [name, text]));
}

/** Without an interval there is no limit, as in exporter-toolkit. */
function readRateLimit(limit: Section): RateLimit | undefined {
  const burst = read.count(limit, 'burst') ?? 0;
  const interval = read.text(limit, 'interval');
  if (interval === undefined) return undefined;
  const intervalMs = parseGoDuration(interval);
  if (intervalMs === undefined) return read.problem(limit, 'interval', 'must be a duration like 100ms or 1s');
  if (intervalMs === 0) return undefined;
  if (burst === 0) return read.problem(limit, 'burst', 'must be at least 1');
  return { burst, intervalMs };
}

function readDocument(reader: YamlReader, contents: Contents): WebDocument {
  const web = read.openSection(reader, contents, 'the file', [
    'tls_server_config',
    'http_server_config',
    'basic_auth_users',
    'rate_limit',
  ]);
  const http = read.within(web, 'http_server_config', ['http2', 'headers']);
  // Has no effect: the server speaks HTTP/1.1 only.
  read.boolean(http, 'http2');
  return {
    tls: readTls(read.within(web, 'tls_server_config', TLS_KEYS)),
    headers: readHeaders(http),
    users: readUsers(web),
    rateLimit: readRateLimit(read.within(web, 'rate_limit', ['burst', 'interval'])),
  };
}

/** `file` is its name in messages. */
export function parseWebConfig(text: string, file: string): Promise<Result<WebDocument, Problems>> {
  return parseYaml(text, file, readDocument);
}
