/**
 * The guard that the configuration asks for, as it is now: first so many requests, then only those of somebody known.
 *
 * Knows the order, nothing of how anybody is known.
 */
import { isDeepStrictEqual } from 'node:util';
import { FULL, type RateLimit, take, waitMs } from '../../util/token-bucket.ts';
import type { WebSettings } from '../config/settings.ts';
import { type Guard, type Refusal, tooMany } from './guard.ts';

export interface ConfiguredOptions {
  readonly settings: () => Pick<WebSettings, 'users' | 'rateLimit'>;
  /** Asked where there are users. */
  readonly basicAuth: Guard;
  /** Asked where there are none, if it is there at all. */
  readonly kubernetes: Guard | undefined;
  /** Milliseconds of a clock that nobody sets. */
  readonly monotonicMs: () => number;
  readonly onRefusal: (status: Refusal['status']) => void;
}

/** Answers how many milliseconds a request comes too soon; a limit that is another one begins anew. */
function createLimit({ settings, monotonicMs }: ConfiguredOptions): () => number {
  let limit: RateLimit | undefined;
  let bucket = FULL;
  return () => {
    const [{ rateLimit }, nowMs] = [settings(), monotonicMs()];
    if (!isDeepStrictEqual(rateLimit, limit)) [limit, bucket] = [rateLimit, FULL];
    if (limit === undefined) return 0;
    const leftMs = waitMs(bucket, limit, nowMs);
    if (leftMs === 0) bucket = take(bucket, limit, nowMs);
    return leftMs;
  };
}

export function createGuard(options: ConfiguredOptions): Guard {
  const { settings, basicAuth, kubernetes, onRefusal } = options;
  const take = createLimit(options);
  const decide: Guard = async (asked) => {
    const leftMs = take();
    if (leftMs > 0) return tooMany(leftMs);
    return settings().users.size > 0 ? basicAuth(asked) : kubernetes?.(asked);
  };
  return async (asked) => {
    const refusal = await decide(asked);
    if (refusal !== undefined) onRefusal(refusal.status);
    return refusal;
  };
}
