/**
 * Verifies the signatures of this node's tokens by the keys the API server publishes: no token leaves the node.
 *
 * With node:crypto rather than jose, which is asynchronous: the raw token is read, verified and wiped within one
 * call. Knows nothing of how keys or tokens are come by.
 */
import type { KeyObject } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Token } from '../../core/token.ts';
import { type Clock, createAlarm } from '../../util/clock.ts';
import { sameEntries } from '../../util/stable.ts';
import type { Listener } from './health.ts';
import { isSigned } from './verify-signature.ts';

/**
 * Calls `use` with the bytes of the token's file, which are wiped afterwards. Undefined where the file cannot be read
 * or holds another token by now.
 */
export type ReadRaw = <T>(token: Token, use: (bytes: Buffer) => T) => T | undefined;

export interface SignaturesOptions {
  readonly readRaw: ReadRaw;
  readonly published: () => ReadonlyMap<string, KeyObject>;
  readonly clock: Clock;
  readonly listener: Pick<Listener, 'onChange' | 'onError'>;
}

export interface Signatures {
  /** Runs until the signal aborts. Never rejects. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** The tokens there are. Those that are not verified yet will be, the others are forgotten. */
  readonly look: (tokens: readonly Token[]) => void;
  /** The same map while nothing is different. */
  readonly verified: () => ReadonlyMap<Token, boolean>;
}

/** How long the event loop may be held. */
const SLICE_MS = 5;
/** A wait that ends when somebody rings. */
const LONG_MS = 3_600_000;

type Keys = ReadonlyMap<string, KeyObject>;

/** Answers nothing of a token whose key is not published, or whose file holds another by now. */
function verify(token: Token, keys: Keys, readRaw: ReadRaw): boolean | undefined {
  const { keyId, algorithm } = token.claims;
  const key = keyId === undefined ? undefined : keys.get(keyId);
  return key && readRaw(token, (bytes) => isSigned(bytes, algorithm, key));
}

export function createSignatures({ readRaw, published, clock, listener }: SignaturesOptions): Signatures {
  const alarm = createAlarm(clock);
  let tokens: readonly Token[] = [];
  let keys = published();
  let results = new Map<Token, boolean>();
  let latest: ReadonlyMap<Token, boolean> = new Map();

  const note = (token: Token): void => {
    const isValid = results.has(token) ? undefined : verify(token, keys, readRaw);
    if (isValid !== undefined) results.set(token, isValid);
  };

  /** Ends early where there are other tokens to look at meanwhile. */
  const verifyAll = async (all: readonly Token[]): Promise<void> => {
    let sliceFrom = performance.now();
    for (const token of all) {
      note(token);
      if (performance.now() - sliceFrom < SLICE_MS) continue;
      await setImmediate();
      if (tokens !== all) return;
      sliceFrom = performance.now();
    }
  };

  const look = (present: readonly Token[]): void => {
    if (keys !== published()) results = new Map();
    keys = published();
    tokens = present;
    const known = new Set(present).intersection(results);
    for (const token of results.keys()) if (!known.has(token)) results.delete(token);
    if (known.size < present.length) alarm.ring();
  };

  const run = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      await alarm.wait(LONG_MS, signal);
      const before = results.size;
      await verifyAll(tokens).catch(listener.onError);
      if (results.size !== before) listener.onChange();
    }
  };

  const verified = (): ReadonlyMap<Token, boolean> => {
    if (!sameEntries(results, latest)) latest = new Map(results);
    return latest;
  };
  return { run, look, verified };
}
