/**
 * The guard chain: the rate limit of all requests, then basic authentication if there are users, else bearer tokens.
 */
import { isDeepStrictEqual } from 'node:util';
import { createRateLimiter, type RateLimit, type RateLimiter } from '../../util/token-bucket.ts';
import type { WebConfig } from '../config/web-config.ts';
import { type Guard, type OnRejection, tooManyRequests } from './guard.ts';

export interface AuthOptions {
  readonly webConfig: () => Pick<WebConfig, 'users' | 'rateLimit'>;
  /** Used if there are users. */
  readonly basicAuth: Guard;
  /** Used if there are no users; undefined without `--web.kubernetes-auth`. */
  readonly kubernetesAuth: Guard | undefined;
  readonly monotonicMs: () => number;
  readonly onRejection: OnRejection;
}

/** Returns the milliseconds by which a request comes too soon. A changed limit starts with a full bucket. */
function createRequestLimit({ webConfig, monotonicMs }: AuthOptions): () => number {
  let limit: RateLimit | undefined;
  let limiter: RateLimiter | undefined;
  return () => {
    const { rateLimit } = webConfig();
    if (!isDeepStrictEqual(rateLimit, limit)) {
      limit = rateLimit;
      limiter = rateLimit && createRateLimiter({ perKey: rateLimit, maxKeys: 1, monotonicMs });
    }
    return limiter?.take('all') ?? 0;
  };
}

export function createAuth(options: AuthOptions): Guard {
  const { webConfig, basicAuth, kubernetesAuth, onRejection } = options;
  const takeRequest = createRequestLimit(options);
  const decide: Guard = async (request) => {
    const waitMs = takeRequest();
    if (waitMs > 0) return tooManyRequests(waitMs);
    return webConfig().users.size > 0 ? basicAuth(request) : kubernetesAuth?.(request);
  };
  return async (request) => {
    const rejection = await decide(request);
    if (rejection !== undefined) onRejection(rejection.status);
    return rejection;
  };
}
