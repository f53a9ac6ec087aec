/**
 * Limits how often pages and JSON are requested, by network and in all: they are for people, and must not slow scrapes.
 *
 * A rejection is sent after a second, because a client that repeats a request at once would cost as much by being
 * rejected.
 */
import type { MonotonicClock } from '../util/clock.ts';
import { createRateLimiter } from '../util/token-bucket.ts';
import { type OnRejection, tooManyRequests } from './auth/guard.ts';
import { networkOf } from './client-network.ts';
import { type RequestHandler, sendText } from './express.ts';
import { closedSignal } from './middleware.ts';

const PER_CLIENT = { burst: 60, intervalMs: 200 };
const OVERALL = { burst: 120, intervalMs: 100 };
const MAX_CLIENTS = 1_000;
const REJECTION_DELAY_MS = 1_000;

export interface PageLimitOptions extends MonotonicClock {
  readonly onRejection: OnRejection;
}

export function limitPages({ monotonicMs, sleep, onRejection }: PageLimitOptions): RequestHandler {
  const { take } = createRateLimiter({
    perKey: PER_CLIENT,
    overall: OVERALL,
    maxKeys: MAX_CLIENTS,
    monotonicMs,
  });
  return async ({ socket }, response, next) => {
    const waitMs = take(networkOf(socket.remoteAddress));
    if (waitMs === 0) return next();
    onRejection(429);
    await sleep(REJECTION_DELAY_MS, closedSignal(response));
    if (response.destroyed) return;
    const { status, headers } = tooManyRequests(waitMs);
    response.set(headers);
    sendText(response, status);
  };
}
