/**
 * A token bucket: a burst of requests at once, and one more each interval.
 *
 * Kept as the time at which it is full again, so that nothing has to refill it.
 */

export interface RateLimit {
  readonly burst: number;
  readonly intervalMs: number;
}

/** Monotonic milliseconds at which the bucket is full again. */
export type TokenBucket = number;

export const FULL: TokenBucket = Number.NEGATIVE_INFINITY;

/** Milliseconds until the bucket holds a token; 0 if it does now. */
export function waitMs(bucket: TokenBucket, { burst, intervalMs }: RateLimit, nowMs: number): number {
  return Math.max(0, Math.ceil(bucket - nowMs - (burst - 1) * intervalMs));
}

/** The bucket with one token less. */
export function take(bucket: TokenBucket, { intervalMs }: RateLimit, nowMs: number): TokenBucket {
  return Math.max(bucket, nowMs) + intervalMs;
}
