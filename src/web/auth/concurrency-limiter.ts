/**
 * Limits expensive checks, bcrypt and reviews by the API server: how many are pending, and how often one may start.
 *
 * Three lanes, so that a crowd in one cannot block another: rechecks of credentials that were recently accepted, clients
 * that were recently accepted, and all other clients.
 */
import { err, ok, type Result } from '../../util/result.ts';
import { createRateLimiter, type RateLimiter } from '../../util/token-bucket.ts';
import { createTtlCache } from '../../util/ttl-cache.ts';
import { networkOf } from '../client-network.ts';

/** Frees the slot. Call it once, when the check has ended. */
export type Release = () => void;

export interface ConcurrencyLimiter {
  /**
   * Takes a slot for a check, or returns the milliseconds to wait for one.
   *
   * `recheckKey` identifies credentials that were recently accepted; undefined for a first check.
   */
  readonly acquire: (
    recheckKey: string | undefined,
    remoteAddress: string | undefined,
  ) => Result<Release, number>;
  /** Records that the client was accepted: its next checks use the lane of accepted clients. */
  readonly noteAccepted: (remoteAddress: string | undefined) => void;
}

/**
 * Pending checks per lane. Unknown clients can use half of the connections to the API server, the other lanes a quarter
 * each. Passwords are checked one at a time; for them this is the length of the queue.
 */
const MAX_PENDING = { recheck: 2, accepted: 2, unknown: 4 };
/** Wait for a lane that is full: about as long as one check takes. */
const LANE_FULL_MS = 1_000;
/** A scraper presents a new token about once an hour. */
const CLIENT_RATE = { burst: 5, intervalMs: 5_000 };
const OVERALL_RATE = { burst: 20, intervalMs: 1_000 };
const MAX_CLIENTS = 1_000;
/** While the API server is unavailable, every scrape causes a recheck. */
const RECHECK_RATE = { burst: 1, intervalMs: 5_000 };
const MAX_RECHECK_KEYS = 1_000;
/** Scrape intervals are a few minutes at most. */
const ACCEPTED_MS = 11 * 60_000;
const MAX_ACCEPTED = 256;

type Lane = (key: string) => Result<Release, number>;

function createLane(maxPending: number, { take }: RateLimiter): Lane {
  let pending = 0;
  const release = (): void => {
    pending -= 1;
  };
  return (key) => {
    const waitMs = pending >= maxPending ? LANE_FULL_MS : take(key);
    if (waitMs > 0) return err(waitMs);
    pending += 1;
    return ok(release);
  };
}

export function createConcurrencyLimiter(monotonicMs: () => number): ConcurrencyLimiter {
  const clientRate = () =>
    createRateLimiter({ perKey: CLIENT_RATE, overall: OVERALL_RATE, maxKeys: MAX_CLIENTS, monotonicMs });
  const recheckRate = createRateLimiter({ perKey: RECHECK_RATE, maxKeys: MAX_RECHECK_KEYS, monotonicMs });
  const recheck = createLane(MAX_PENDING.recheck, recheckRate);
  const acceptedClients = createLane(MAX_PENDING.accepted, clientRate());
  const unknownClients = createLane(MAX_PENDING.unknown, clientRate());
  /** By full address: a client on the same network as a scraper is not the scraper. */
  const accepted = createTtlCache<true>({
    maxEntries: MAX_ACCEPTED,
    expiry: { ttlMs: ACCEPTED_MS, monotonicMs },
  });

  const acquire: ConcurrencyLimiter['acquire'] = (recheckKey, remoteAddress) => {
    if (recheckKey !== undefined) return recheck(recheckKey);
    const isAccepted = remoteAddress !== undefined && accepted.get(remoteAddress) === true;
    const lane = isAccepted ? acceptedClients : unknownClients;
    return lane(networkOf(remoteAddress));
  };
  const noteAccepted = (remoteAddress: string | undefined): void => {
    if (remoteAddress !== undefined) accepted.set(remoteAddress, true);
  };
  return { acquire, noteAccepted };
}
