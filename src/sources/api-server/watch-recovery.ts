/**
 * How a reflector recovers after a request has failed or a watch has ended: when it sends the next request, and from which version.
 */
import type { ClusterFailure } from '../../core/cluster-facts.ts';
import type { WatchEnd } from './client/api.ts';
import type { ApiError, ApiResult } from './client/failures.ts';
import { type Currency, createBackOff, type Health, spread } from './health.ts';
import type { Replica } from './replica.ts';

/** How to recover after the watch is lost. All nodes of a fleet may lose theirs at the same moment. */
export interface Reconnect {
  /**
   * Whether to resume the watch from its last version, which costs the API server little but takes until the next event
   * or bookmark, about a minute. Otherwise a list follows.
   */
  readonly resumes: boolean;
  /** Maximum random delay before the watch is resumed, and between requests while the API server is away. */
  readonly spreadMs: number;
  /** Maximum random delay before a new list. */
  readonly listSpreadMs: number;
  /**
   * How long the objects count after the watch was lost. Covers the reconnection to an API server that is not away: a
   * proxy that cuts idle connections must not interrupt verdicts every minute.
   */
  readonly holdMs: number;
}

/**
 * The pods of one node are few, and most checks need them: 30 s after the API server is reachable they are up to date,
 * including a request in flight.
 */
export const PODS_RECONNECT: Reconnect = {
  resumes: false,
  spreadMs: 20_000,
  listSpreadMs: 20_000,
  holdMs: 22_000,
};
/** A list of all service accounts of a large cluster has megabytes: those of a fleet are spread over two minutes. */
export const ACCOUNTS_RECONNECT: Reconnect = {
  resumes: true,
  spreadMs: 40_000,
  listSpreadMs: 80_000,
  holdMs: 0,
};

/** A watch that ends at most this long before its timeout has ended regularly. */
const EARLY_END_MS = 5_000;
/** A watch that lived this long resets the back-off. */
const STABLE_WATCH_MS = 60_000;
/** A watch that ends sooner and without an event was useless. */
const USELESS_WATCH_MS = 5_000;
/** Maximum delay before a watch that ended regularly is renewed. */
const MAX_RENEWAL_DELAY_MS = 1_000;

/** What happened during one watch. */
interface WatchRun {
  readonly end: ApiResult<WatchEnd>;
  readonly isOpened: boolean;
  readonly hasEvents: boolean;
  readonly livedMs: number;
  readonly timeoutMs: number;
}

function isRegularEnd({ end, livedMs, timeoutMs }: WatchRun): boolean {
  return end.ok && end.value === 'ended' && livedMs >= timeoutMs - EARLY_END_MS;
}

function isGone({ end }: WatchRun): boolean {
  return end.ok && end.value === 'gone';
}

/** Whether the watch was cut, and not silent for too long: until then the objects were up to date. */
function isCut({ end, isOpened }: WatchRun): boolean {
  return end.ok || (isOpened && end.error.failure !== 'timeout');
}

/** After a malformed response the resource version cannot be trusted. */
const MALFORMED: readonly ClusterFailure[] = ['bad_answer', 'too_large'];

/** Whether the next watch can start from the last version. */
function keepsVersion(run: WatchRun): boolean {
  if (isGone(run) || (!run.end.ok && MALFORMED.includes(run.end.error.failure))) return false;
  // The API server accepts a watch from a version that it no longer knows.
  return !run.isOpened || run.hasEvents;
}

/** Whether watches end at once, again and again. */
function createUselessWatches() {
  let count = 0;
  const record = (run: WatchRun): void => {
    if (run.hasEvents || run.livedMs >= STABLE_WATCH_MS) count = 0;
    else if ((run.isOpened || isGone(run)) && run.livedMs < USELESS_WATCH_MS) count += 1;
  };
  return { record, isRepeated: () => count > 1 };
}

export interface Parts<T> {
  readonly replica: Replica<T>;
  readonly health: Health;
  readonly currency: Currency;
}

export interface RecoveryOptions {
  readonly reconnect: Reconnect;
  /** From 0 to 1. */
  readonly random: () => number;
  /** A request failed, or the watch ended early: the API server may have been replaced. */
  readonly onLost?: () => void;
}

/** What to do after a request has failed or a watch has ended. Each function returns the delay before the next request. */
export function createRecovery<T>(options: Parts<T> & RecoveryOptions) {
  const { replica, health, currency, reconnect, random, onLost } = options;
  const useless = createUselessWatches();
  const growth = createBackOff(random, reconnect.listSpreadMs);

  const afterFailure = (error: ApiError): number => {
    onLost?.();
    currency.drop();
    return health.recordFailure(error);
  };
  const afterThrown = (thrown: unknown): number => {
    currency.drop();
    replica.forgetVersion();
    return health.recordThrown(thrown);
  };
  const reconnectMs = ({ end }: WatchRun): number => {
    if (!end.ok) return health.recordFailure(end.error);
    health.recordReconnect();
    return spread(random, replica.version() === undefined ? reconnect.listSpreadMs : reconnect.spreadMs);
  };
  const afterLoss = (run: WatchRun): number => {
    onLost?.();
    if (isCut(run)) currency.lose();
    else currency.drop();
    if (!reconnect.resumes || !keepsVersion(run)) replica.forgetVersion();
    const delayMs = reconnectMs(run);
    if (useless.isRepeated()) return Math.max(delayMs, growth.nextMs(true));
    growth.reset();
    return delayMs;
  };
  const afterWatch = (run: WatchRun): number => {
    useless.record(run);
    if (run.hasEvents || run.livedMs >= STABLE_WATCH_MS) health.backOff.reset();
    return isRegularEnd(run) ? random() * MAX_RENEWAL_DELAY_MS : afterLoss(run);
  };
  return { afterFailure, afterThrown, afterWatch };
}
