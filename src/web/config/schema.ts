/**
 * The schema of a web configuration file, in the format of Prometheus's exporter-toolkit (docs/web-configuration.md
 * there).
 *
 * Stricter than exporter-toolkit where its leniency would weaken security. Files that the configuration names are not
 * read here.
 */
import { validateHeaderValue } from 'node:http';
import { type Problems, parseYaml } from '../../config/yaml-file.ts';
import {
  boolean,
  count,
  type Field,
  listOf,
  type Mapping,
  type NamedString,
  namedStrings,
  oneOf,
  problem,
  type Reader,
  readMapping,
  string,
} from '../../config/yaml-schema.ts';
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

const TLS = {
  cert: string,
  cert_file: string,
  key: string,
  key_file: string,
  client_ca: string,
  client_ca_file: string,
  client_auth_type: oneOf(CLIENT_AUTHS),
  client_allowed_sans: listOf(string),
  min_version: oneOf(VERSIONS),
  max_version: oneOf(VERSIONS),
  cipher_suites: listOf(oneOf(CIPHERS)),
  prefer_server_cipher_suites: boolean,
  curve_preferences: listOf(oneOf(CURVES)),
};
type Tls = Mapping<typeof TLS>;

function readPem({ values, problem }: Tls, key: 'cert' | 'key' | 'client_ca'): Pem | undefined {
  const [text, file] = [values[key], values[`${key}_file`]];
  if (text && file) problem(key, `cannot be set together with ${key}_file`);
  if (text) return { text };
  return file ? { file } : undefined;
}

function requirePem(tls: Tls, key: 'cert' | 'key', pem: Pem | undefined): Pem {
  if (pem === undefined) tls.problem(key, `required, unless ${key}_file is set`);
  return pem ?? { text: '' };
}

function readClients(tls: Tls): Pick<TlsDocument, 'clientCa' | 'clientAuth' | 'allowedNames'> {
  const { client_auth_type: clientAuth = 'none', client_allowed_sans: allowedNames } = tls.values;
  const clientCa = readPem(tls, 'client_ca');
  const isVerified = clientAuth === 'verified' || clientAuth === 'verified_if_given';
  if (isVerified && clientCa === undefined)
    tls.problem('client_auth_type', 'requires client_ca or client_ca_file');
  if (clientAuth === 'none' && clientCa !== undefined)
    tls.problem('client_auth_type', 'required, because a client CA is set');
  // A certificate that is not verified can carry any name.
  if (allowedNames !== undefined && clientAuth !== 'verified')
    tls.problem('client_allowed_sans', 'requires client_auth_type RequireAndVerifyClientCert');
  return { clientAuth, clientCa, allowedNames: allowedNames ?? [] };
}

function readChoices({ values, problem }: Tls): TlsChoices {
  const { min_version: minVersion = 'TLSv1.2', max_version: maxVersion = 'TLSv1.3' } = values;
  const { cipher_suites: ciphers = [], curve_preferences: curves = [] } = values;
  if (minVersion > maxVersion) problem('min_version', 'must not be above max_version');
  const enabled = [...TLS13_CIPHERS, ...(ciphers.length === 0 ? DEFAULT_CIPHERS : ciphers)];
  return {
    minVersion,
    maxVersion,
    ciphers: [...new Set(enabled)].join(':'),
    honorCipherOrder: values.prefer_server_cipher_suites ?? true,
    ecdhCurve: curves.length === 0 ? undefined : curves.join(':'),
  };
}

/** Returns undefined for plain HTTP. */
const readTls: Reader<TlsDocument> = (field) => {
  const tls = readMapping(field, TLS, 'absent');
  if (tls === undefined) return undefined;
  const [cert, key] = [readPem(tls, 'cert'), readPem(tls, 'key')];
  const clients = readClients(tls);
  const choices = readChoices(tls);
  // As in exporter-toolkit, any of these enables TLS.
  const isEnabled = [cert, key, clients.clientCa, tls.values.client_auth_type].some(
    (set) => set !== undefined,
  );
  if (!isEnabled) return undefined;
  return { cert: requirePem(tls, 'cert', cert), key: requirePem(tls, 'key', key), ...clients, choices };
};

function isHeaderValue(name: string, value: string): boolean {
  try {
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}

function headerProblem({ name, text: value }: NamedString): string | undefined {
  const values = ALLOWED_HEADERS.get(name);
  if (values === undefined) return `unsupported header; supported: ${[...ALLOWED_HEADERS.keys()].join(', ')}`;
  if (values.length > 0 && !values.includes(value)) return `${name} must be ${values.join(' or ')}`;
  return isHeaderValue(name, value) ? undefined : `${name} contains characters that headers do not allow`;
}

const readHttp: Reader<ReadonlyMap<string, string>> = (field) => {
  // `http2` has no effect: the server speaks HTTP/1.1 only.
  const http = readMapping(field, { http2: boolean, headers: namedStrings(headerProblem) }, 'absent');
  const headers = http?.values.headers ?? [];
  // An empty value leaves the header unchanged.
  return new Map(headers.filter(({ text }) => text !== '').map(({ name, text }) => [name, text]));
};

/** `$2y$10$`, the salt and the hash, as `htpasswd -nBC 10` prints them. */
const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
const MIN_COST = 4;
/** Each step doubles the time of a check, during which the process does nothing else: 0.2 s at this cost. */
const MAX_COST = 12;

function userProblem({ name, text: hash }: NamedString): string | undefined {
  // A colon ends the user name in basic authentication (RFC 7617).
  if (name === '' || name.includes(':')) return 'user names must not be empty or contain a colon';
  const cost = Number(BCRYPT.exec(hash)?.[1] ?? 0);
  if (cost === 0) return 'passwords must be bcrypt hashes; create one with htpasswd -nBC 10 ""';
  const isInRange = cost >= MIN_COST && cost <= MAX_COST;
  return isInRange ? undefined : `the bcrypt cost must be from ${MIN_COST} to ${MAX_COST}, not ${cost}`;
}

const readUsers: Reader<ReadonlyMap<string, string>> = (field) => {
  const users = namedStrings(userProblem)(field);
  return users && new Map(users.map(({ name, text }) => [name, text]));
};

const goDuration: Reader<number> = (field) => {
  const text = string(field);
  if (text === undefined) return undefined;
  return parseGoDuration(text) ?? problem(field, 'must be a duration like 100ms or 1s');
};

/** Without an interval there is no limit, as in exporter-toolkit. */
const readRateLimit: Reader<RateLimit> = (field) => {
  const limit = readMapping(field, { burst: count, interval: goDuration }, 'absent');
  const { burst = 0, interval: intervalMs = 0 } = limit?.values ?? {};
  if (intervalMs === 0) return undefined;
  return burst === 0 ? limit?.problem('burst', 'must be at least 1') : { burst, intervalMs };
};

const WEB = {
  tls_server_config: readTls,
  http_server_config: readHttp,
  basic_auth_users: readUsers,
  rate_limit: readRateLimit,
};

function readDocument(field: Field): WebDocument | undefined {
  const web = readMapping(field, WEB, 'absent');
  if (web === undefined) return undefined;
  const { tls_server_config: tls, http_server_config: headers = new Map() } = web.values;
  const { basic_auth_users: users = new Map(), rate_limit: rateLimit } = web.values;
  return { tls, headers, users, rateLimit };
}

/** `name` is that of the file in messages. */
export function parseWebConfig(text: string, name: string): Promise<Result<WebDocument, Problems>> {
  return parseYaml(text, name, readDocument);
}
