/**
 * Rate limiting by token buckets: a burst of requests at once, then one per interval.
 *
 * A bucket is stored as the time at which it is full again, so nothing has to refill it.
 */
import { createTtlCache } from './ttl-cache.ts';

export interface RateLimit {
  readonly burst: number;
  readonly intervalMs: number;
}

/** Monotonic milliseconds at which the bucket is full again. */
type TokenBucket = number;

const FULL: TokenBucket = Number.NEGATIVE_INFINITY;

/** Milliseconds until the bucket holds a token; 0 if it does now. */
function waitMs(bucket: TokenBucket, { burst, intervalMs }: RateLimit, nowMs: number): number {
  return Math.max(0, Math.ceil(bucket - nowMs - (burst - 1) * intervalMs));
}

/** The bucket with one token less. */
function takeFrom(bucket: TokenBucket, { intervalMs }: RateLimit, nowMs: number): TokenBucket {
  return Math.max(bucket, nowMs) + intervalMs;
}

export interface RateLimiterOptions {
  readonly perKey: RateLimit;
  /** Limit of all keys together. */
  readonly overall?: RateLimit;
  /** Beyond this many, the key used longest ago is forgotten: its next bucket is full. */
  readonly maxKeys: number;
  readonly monotonicMs: () => number;
}

export interface RateLimiter {
  /** Takes a token for the key and returns 0, or takes none and returns the milliseconds until there is one. */
  readonly take: (key: string) => number;
}

export function createRateLimiter({
  perKey,
  overall,
  maxKeys,
  monotonicMs,
}: RateLimiterOptions): RateLimiter {
  const buckets = createTtlCache<TokenBucket>({ maxEntries: maxKeys });
  let shared = FULL;
  const take = (key: string): number => {
    const nowMs = monotonicMs();
    const own = buckets.get(key) ?? FULL;
    const ownWaitMs = waitMs(own, perKey, nowMs);
    const leftMs = overall === undefined ? ownWaitMs : Math.max(ownWaitMs, waitMs(shared, overall, nowMs));
    // A denied key is in use as well: forgetting it would refill its bucket.
    buckets.set(key, leftMs > 0 ? own : takeFrom(own, perKey, nowMs));
    if (leftMs === 0 && overall !== undefined) shared = takeFrom(shared, overall, nowMs);
    return leftMs;
  };
  return { take };
}
