/**
 * Fetches the issuer and the public keys that the API server publishes through OIDC discovery.
 */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { string } from '../../../core/token/claim-rules.ts';
import { type JsonObject, object } from '../../../util/json.ts';
import { ok } from '../../../util/result.ts';
import type { Api } from '../client/api.ts';
import { type ApiResult, failed } from '../client/failures.ts';
import { array, nullable, parsed, required } from '../fields.ts';

interface KeySet {
  /** Ids of all published keys. */
  readonly ids: ReadonlySet<string>;
  /** By id, the keys of a type that can verify tokens. */
  readonly keys: ReadonlyMap<string, KeyObject>;
}

export interface Discovery extends KeySet {
  readonly issuer: string;
}

export const NOT_DISCOVERED: Discovery = { issuer: '', ids: new Set(), keys: new Map() };

const DISCOVERY_PATH = '/.well-known/openid-configuration';
/** Fixed: `jwks_uri` of the discovery document is for clients outside the cluster and may point elsewhere. */
const KEYS_PATH = '/openid/v1/jwks';
/** A key in use and a few older and newer ones, for each issuer. */
const MAX_KEYS = 256;
const KEY_TYPES: readonly unknown[] = ['RSA', 'EC'];

/** Returns undefined if the key is malformed or of another type. */
function parseKey(jwk: JsonObject): KeyObject | undefined {
  if (!KEY_TYPES.includes(jwk['kty'])) return undefined;
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    return undefined;
  }
}

/** Returns undefined if the discovery document is malformed. */
export function parseIssuer(document: unknown): string | undefined {
  return parsed(() => required(object(document) ?? {}, 'issuer', string));
}

/**
 * Calls `onDropped` for each key that is malformed. Returns undefined if the JSON Web Key Set is malformed or too large.
 * Keys without an id are ignored.
 */
export function parseKeySet(document: unknown, onDropped = (): void => undefined): KeySet | undefined {
  const jwks = array(object(document)?.['keys']);
  if (jwks === undefined || jwks.length > MAX_KEYS) return undefined;
  const named = jwks.flatMap((item) => {
    const jwk = object(item);
    const id = jwk && parsed(() => nullable(jwk, 'kid', string) ?? '');
    if (jwk === undefined || id === undefined) onDropped();
    return jwk === undefined || !id ? [] : [{ id, key: parseKey(jwk) }];
  });
  const keys = named.flatMap(({ id, key }) => (key === undefined ? [] : [[id, key] as const]));
  return { ids: new Set(named.map(({ id }) => id)), keys: new Map(keys) };
}

export function sameDiscovery(a: Discovery, b: Discovery): boolean {
  const isSame = a.issuer === b.issuer && a.ids.size === b.ids.size && a.keys.size === b.keys.size;
  if (!isSame || !a.ids.isSubsetOf(b.ids)) return false;
  return a.keys.entries().every(([id, key]) => b.keys.get(id)?.equals(key) === true);
}

/** Fetches both documents; fails with `not_published` if they do not exist. Calls `onDropped` for each key that is malformed. */
export async function discover(
  api: Api,
  signal: AbortSignal,
  onDropped: () => void,
): Promise<ApiResult<Discovery>> {
  const fetchDocument = async <T>(
    path: string,
    parse: (document: unknown) => T | undefined,
  ): Promise<ApiResult<T>> => {
    const document = await api.request({ resource: 'keys', path, notFound: 'not_published', signal });
    if (!document.ok) return document;
    const value = parse(document.value);
    return value === undefined ? failed('bad_answer') : ok(value);
  };
  const issuer = await fetchDocument(DISCOVERY_PATH, parseIssuer);
  if (!issuer.ok) return issuer;
  const keySet = await fetchDocument(KEYS_PATH, (document) => parseKeySet(document, onDropped));
  return keySet.ok ? ok({ issuer: issuer.value, ...keySet.value }) : keySet;
}
