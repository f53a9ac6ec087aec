/**
 * Basic authentication against bcrypt hashes.
 *
 * bcrypt is slow by design, so a password is verified once and only as often as the concurrency limiter admits its
 * client. The result is cached under a keyed digest; the password is not kept.
 */
import { createSingleFlight } from '../../util/single-flight.ts';
import { createTtlCache } from '../../util/ttl-cache.ts';
import { type BasicCredentials, basicCredentials } from './authorization-header.ts';
import type { ConcurrencyLimiter } from './concurrency-limiter.ts';
import { type Guard, INTERNAL_ERROR, type Rejection, tooManyRequests } from './guard.ts';
import { createKeyedDigest } from './keyed-digest.ts';
import { oneAtATime, type VerifyPassword } from './password.ts';

export interface BasicAuthOptions {
  /** bcrypt hashes by user. At least one. */
  readonly users: () => ReadonlyMap<string, string>;
  readonly verify: VerifyPassword;
  readonly limiter: ConcurrencyLimiter;
  /** A verification threw: a bug. The request is rejected. */
  readonly onError: (error: unknown) => void;
}

/** Credentials with the hash to verify them against. */
interface Login extends BasicCredentials {
  readonly hash: string;
  readonly cacheKey: string;
}

/** Undefined if the verification failed. */
type Verdict = boolean | undefined;

/** Per verdict, so that guesses do not push out the right password. Kept without expiry: the hash is part of the key. */
const MAX_ENTRIES = 100;
const UNAUTHORIZED: Rejection = {
  status: 401,
  headers: { 'WWW-Authenticate': 'Basic realm="sa-token-exporter", charset="UTF-8"' },
};

/**
 * The hash for unknown users. It has the highest cost of all users, so that the response time does not reveal which
 * users exist; if costs differ, a faster response does.
 */
function decoyHash(users: ReadonlyMap<string, string>): string {
  const costs = [...users.values()].map((hash) => hash.slice(4, 6)).sort();
  return `$2b$${costs.at(-1)}$${'.'.repeat(53)}`;
}

/** Verifies logins and caches the verdicts. */
function createVerifier({ verify, onError }: BasicAuthOptions) {
  const cache = {
    right: createTtlCache<true>({ maxEntries: MAX_ENTRIES }),
    wrong: createTtlCache<true>({ maxEntries: MAX_ENTRIES }),
  };
  const verifications = createSingleFlight<string, Verdict>();
  const verifyInTurn = oneAtATime(verify);

  const run = async ({ password, hash, cacheKey }: Login): Promise<Verdict> => {
    try {
      const isRight = await verifyInTurn(password, hash);
      cache[isRight ? 'right' : 'wrong'].set(cacheKey, true);
      return isRight;
    } catch (error) {
      onError(error);
      return undefined;
    }
  };
  /** The verdict if it is cached or pending. */
  const known = (key: string): boolean | Promise<Verdict> | undefined => {
    if (cache.right.get(key)) return true;
    return cache.wrong.get(key) ? false : verifications.inFlight(key);
  };
  return { known, verify: (login: Login) => verifications.run(login.cacheKey, () => run(login)) };
}

function rejectionOf(verdict: Verdict): Rejection | undefined {
  if (verdict === undefined) return INTERNAL_ERROR;
  return verdict ? undefined : UNAUTHORIZED;
}

export function createBasicAuth(options: BasicAuthOptions): Guard {
  const { users, limiter } = options;
  const digest = createKeyedDigest();
  const { known, verify } = createVerifier(options);

  const loginOf = (credentials: BasicCredentials): Login => {
    const { user, password } = credentials;
    const hash = users().get(user) ?? decoyHash(users());
    return { ...credentials, hash, cacheKey: digest(`${user.length}:${user}${hash}`, password) };
  };
  const check = async (login: Login, remoteAddress: string | undefined): Promise<Rejection | undefined> => {
    const slot = limiter.acquire(undefined, remoteAddress);
    if (!slot.ok) return tooManyRequests(slot.error);
    return rejectionOf(await verify(login).finally(slot.value));
  };
  return async ({ authorization, remoteAddress }) => {
    const credentials = basicCredentials(authorization);
    if (credentials === undefined) return UNAUTHORIZED;
    const login = loginOf(credentials);
    const verdict = known(login.cacheKey);
    const rejection = verdict === undefined ? await check(login, remoteAddress) : rejectionOf(await verdict);
    if (rejection !== undefined) return rejection;
    // The users may have been reloaded during the verification.
    if (users().get(credentials.user) !== login.hash) return UNAUTHORIZED;
    limiter.noteAccepted(remoteAddress);
    return undefined;
  };
}
