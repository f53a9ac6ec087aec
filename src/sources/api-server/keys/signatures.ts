/**
 * Verifies token signatures on the node with the API server's public keys, so that no token has to be sent anywhere.
 *
 * Uses node:crypto because jose is asynchronous: the raw token must be read, verified and wiped within one call. It
 * stays in its buffer; no string is made of it.
 */
import { type KeyObject, verify } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Token } from '../../../core/token/token.ts';
import { decodeBase64url } from '../../../util/base64url.ts';
import { type Clock, createAlarm } from '../../../util/clock.ts';
import { trimToken } from '../../../util/raw-token.ts';
import { sameEntries, sameSet, stable } from '../../../util/stable.ts';
import type { ApiServerCallbacks } from '../health.ts';

interface Algorithm {
  readonly hash: string;
  readonly keyType: 'rsa' | 'ec';
  /** OpenSSL's name of the elliptic curve. */
  readonly curve?: string;
}

/** The API server signs with these (k8s.io/kubernetes/pkg/serviceaccount, jwt.go); RS384 and RS512 are added. */
const ALGORITHMS: ReadonlyMap<string, Algorithm> = new Map([
  ['RS256', { hash: 'sha256', keyType: 'rsa' }],
  ['RS384', { hash: 'sha384', keyType: 'rsa' }],
  ['RS512', { hash: 'sha512', keyType: 'rsa' }],
  ['ES256', { hash: 'sha256', keyType: 'ec', curve: 'prime256v1' }],
  ['ES384', { hash: 'sha384', keyType: 'ec', curve: 'secp384r1' }],
  ['ES512', { hash: 'sha512', keyType: 'ec', curve: 'secp521r1' }],
]);

const DOT = 0x2e;

/** `raw`: the content of a token file. `algorithm`: `alg` of the token's header. Never throws. */
export function verifySignature(raw: Buffer, algorithm: string, key: KeyObject): boolean {
  const { hash, keyType, curve } = ALGORITHMS.get(algorithm) ?? {};
  if (key.asymmetricKeyType !== keyType || key.asymmetricKeyDetails?.namedCurve !== curve) return false;
  const token = trimToken(raw);
  const dot = token.lastIndexOf(DOT);
  if (dot < 0) return false;
  const signature = decodeBase64url(token.subarray(dot + 1));
  if (signature === undefined) return false;
  // An ECDSA signature in a JWS is r and s without DER (RFC 7518, section 3.4). RSA ignores the encoding.
  const isValid = verify(hash, token.subarray(0, dot), { key, dsaEncoding: 'ieee-p1363' }, signature);
  signature.fill(0);
  return isValid;
}

/**
 * Calls `use` with the content of the token's file and wipes it afterwards. Returns undefined if the file cannot be
 * read or now holds another token.
 */
export type ReadRaw = <T>(token: Token, use: (bytes: Buffer) => T) => T | undefined;

export interface SignaturesOptions {
  readonly readRaw: ReadRaw;
  readonly publicKeys: () => ReadonlyMap<string, KeyObject>;
  readonly clock: Clock;
  readonly callbacks: Pick<ApiServerCallbacks, 'onChange' | 'onError'>;
}

export interface Signatures {
  /** Runs until the signal aborts. Never rejects. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** Sets the tokens to verify and drops the results of all others. After a change of keys, all are verified again. */
  readonly setTokens: (tokens: readonly Token[]) => void;
  /** Whether each signature is valid; absent if not verified. The same map until something changes. */
  readonly results: () => ReadonlyMap<Token, boolean>;
  /** Tokens whose key is published and whose signature is about to be verified. The same set until something changes. */
  readonly pending: () => ReadonlySet<Token>;
}

/** Maximum time to block the event loop. */
const SLICE_MS = 5;
/** Until `setTokens` rings the alarm. */
const IDLE_MS = 3_600_000;

type Keys = ReadonlyMap<string, KeyObject>;

/** What has been verified with one set of keys. */
function createVerifier(keys: Keys, readRaw: ReadRaw) {
  const verified = new Map<Token, boolean>();
  /** The verified tokens, and those whose file could not be read or held another token. */
  const tried = new WeakSet<Token>();

  const keyOf = ({ claims: { keyId } }: Token): KeyObject | undefined =>
    keyId === undefined ? undefined : keys.get(keyId);
  const isPending = (token: Token): boolean => !tried.has(token) && keyOf(token) !== undefined;

  /** Returns whether anything has changed. Without a result if the key is not published or the file holds another token. */
  const verifyOnce = (token: Token): boolean => {
    const key = keyOf(token);
    if (key === undefined || verified.has(token)) return false;
    const isFirst = !tried.has(token);
    tried.add(token);
    const isValid = readRaw(token, (bytes) => verifySignature(bytes, token.claims.algorithm, key));
    if (isValid !== undefined) verified.set(token, isValid);
    return isFirst || isValid !== undefined;
  };

  /** Drops all other tokens. Returns whether all of these are verified. */
  const keep = (tokens: readonly Token[]): boolean => {
    const known = new Set(tokens).intersection(verified);
    for (const token of verified.keys()) if (!known.has(token)) verified.delete(token);
    return known.size === tokens.length;
  };
  return { keys, verified, isPending, verifyOnce, keep };
}

export function createSignatures({ readRaw, publicKeys, clock, callbacks }: SignaturesOptions): Signatures {
  const alarm = createAlarm(clock);
  const stableResults = stable<ReadonlyMap<Token, boolean>>(sameEntries);
  const stablePending = stable<ReadonlySet<Token>>(sameSet);
  let tokens: readonly Token[] = [];
  let verifier = createVerifier(publicKeys(), readRaw);
  let changes = 0;

  /** Results with keys of before are out of date. */
  const current = (): typeof verifier =>
    verifier.keys === publicKeys() ? verifier : createVerifier(publicKeys(), readRaw);

  /** Returns early if the tokens are replaced meanwhile. */
  const verifyAll = async (all: readonly Token[]): Promise<void> => {
    let sliceStartMs = clock.monotonicMs();
    for (const token of all) {
      changes += Number(verifier.verifyOnce(token));
      if (clock.monotonicMs() - sliceStartMs < SLICE_MS) continue;
      await setImmediate();
      if (tokens !== all) return;
      sliceStartMs = clock.monotonicMs();
    }
  };

  const setTokens = (next: readonly Token[]): void => {
    verifier = current();
    tokens = next;
    if (!verifier.keep(next)) alarm.ring();
  };

  const results = (): ReadonlyMap<Token, boolean> => stableResults(new Map(current().verified));
  const pending = (): ReadonlySet<Token> => stablePending(new Set(tokens.filter(current().isPending)));

  const run = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      await alarm.wait(IDLE_MS, signal);
      const before = changes;
      await verifyAll(tokens).catch(callbacks.onError);
      if (changes !== before) callbacks.onChange();
    }
  };
  return { run, setTokens, results, pending };
}
