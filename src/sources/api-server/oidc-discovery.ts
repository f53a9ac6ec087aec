/**
 * The issuer and the public keys that the API server publishes: asks for them, and reads the answers.
 *
 * Knows nothing of when to ask, nor of tokens.
 */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { string } from '../../core/claim-rules.ts';
import { type JsonObject, object } from '../../util/json.ts';
import type { Answer, Api } from './api.ts';
import { failed } from './failures.ts';
import { objects, optional, parsed, required } from './fields.ts';

interface KeySet {
  /** Of every key that is published. */
  readonly ids: ReadonlySet<string>;
  /** Those of a kind that tokens are signed with. */
  readonly keys: ReadonlyMap<string, KeyObject>;
}

export interface Publication extends KeySet {
  readonly issuer: string;
}

export const NOTHING_PUBLISHED: Publication = { issuer: '', ids: new Set(), keys: new Map() };

const DISCOVERY_PATH = '/.well-known/openid-configuration';
/** Where the discovery document says they are is not followed: that address is for others, outside the cluster. */
const KEYS_PATH = '/openid/v1/jwks';
/** One key in use, some before it and after it, for every issuer there was. */
const MAX_KEYS = 256;
const KEY_TYPES: readonly unknown[] = ['RSA', 'EC'];

/** Undefined where it is of another kind, or none at all. */
function keyOf(jwk: JsonObject): KeyObject | undefined {
  if (!KEY_TYPES.includes(jwk['kty'])) return undefined;
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    return undefined;
  }
}

/** The issuer by the discovery document; undefined where that is none. */
export function parseIssuer(document: unknown): string | undefined {
  return parsed(() => required(object(document) ?? {}, 'issuer', string));
}

/** The keys by their document; undefined where that is none. */
export function parseKeySet(document: unknown): KeySet | undefined {
  return parsed(() => {
    const jwks = required(object(document) ?? {}, 'keys', objects);
    if (jwks.length > MAX_KEYS) return undefined;
    const named = jwks.flatMap((jwk) => {
      const id = optional(jwk, 'kid', string);
      return id === undefined ? [] : [{ id, key: keyOf(jwk) }];
    });
    const keys = named.flatMap(({ id, key }) => (key === undefined ? [] : [[id, key] as const]));
    return { ids: new Set(named.map(({ id }) => id)), keys: new Map(keys) };
  });
}

export function samePublication(a: Publication, b: Publication): boolean {
  const isSame = a.issuer === b.issuer && a.ids.size === b.ids.size && a.keys.size === b.keys.size;
  if (!isSame || !a.ids.isSubsetOf(b.ids)) return false;
  return a.keys.entries().every(([id, key]) => b.keys.get(id)?.equals(key) === true);
}

/** Asks for both documents. */
export async function askForPublication(api: Api, signal: AbortSignal): Promise<Answer<Publication>> {
  const askFor = async <T>(path: string, parse: (document: unknown) => T | undefined): Promise<Answer<T>> => {
    const answer = await api.ask({ resource: 'keys', path, signal });
    if (!answer.ok) return answer;
    const value = parse(answer.value);
    return value === undefined ? failed('bad_answer') : { ok: true, value };
  };
  const issuer = await askFor(DISCOVERY_PATH, parseIssuer);
  if (!issuer.ok) return issuer;
  const keySet = await askFor(KEYS_PATH, parseKeySet);
  return keySet.ok ? { ok: true, value: { issuer: issuer.value, ...keySet.value } } : keySet;
}
