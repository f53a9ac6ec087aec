/**
 * A bucket of tokens: so many at once, and one more each so often.
 *
 * Kept as the time at which it is full again, so that nothing has to refill it. Knows nothing of what is taken.
 */

/** A burst of requests, and one more each interval. */
export interface RateLimit {
  readonly burst: number;
  readonly intervalMs: number;
}

/** Milliseconds of a clock that nobody sets. */
export type Bucket = number;

export const FULL: Bucket = Number.NEGATIVE_INFINITY;

/** How many milliseconds it is until there is one to take; 0 where there is. */
export function waitMs(bucket: Bucket, { burst, intervalMs }: RateLimit, nowMs: number): number {
  return Math.max(0, Math.ceil(bucket - nowMs - (burst - 1) * intervalMs));
}

/** The bucket with one less in it. */
export function taken(bucket: Bucket, { intervalMs }: RateLimit, nowMs: number): Bucket {
  return Math.max(bucket, nowMs) + intervalMs;
}
