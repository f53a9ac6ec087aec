/**
 * Polls the API server about individual targets, such as the tokens that fail a check, within a rate limit.
 *
 * A failed request pauses all targets: the API server is unavailable or denies the request.
 */
import { isDeepStrictEqual } from 'node:util';
import type { ClusterResource, ResourceState } from '../../core/cluster-facts.ts';
import { type Clock, createAlarm } from '../../util/clock.ts';
import { sameEntries, stable } from '../../util/stable.ts';
import { createRateLimiter } from '../../util/token-bucket.ts';
import type { ApiResult } from './failures.ts';
import { type ApiServerCallbacks, createHealth, UP } from './health.ts';

export interface WorkQueueOptions<T, K, R> {
  /** Identifies a target. */
  readonly keyOf: (target: T) => K;
  /** Milliseconds from a result to the next request for the same target; undefined stands for no result. */
  readonly ttlMs: (result: R | undefined) => number;
}

interface Due<T> {
  readonly target: T;
  /** Monotonic milliseconds of the next request. */
  readonly dueMs: number;
}

interface Entry<T, R> extends Due<T> {
  readonly result: R | undefined;
  /** Monotonic milliseconds after which the result is dropped. */
  readonly staleMs: number;
}

/** The targets, their results and the order in which they are due. Times are monotonic milliseconds. */
interface WorkQueue<T, K, R> {
  /** Replaces all targets. Of those that are due at the same time, the first has priority. */
  readonly setTargets: (targets: readonly T[]) => void;
  readonly next: () => Due<T> | undefined;
  /** Returns whether the result differs from the previous one. Ignores a target that was removed meanwhile. */
  readonly record: (target: T, result: R | undefined, nowMs: number) => boolean;
  readonly postpone: (target: T, dueMs: number) => void;
  readonly results: (nowMs: number) => ReadonlyMap<K, R>;
}

const NEVER = Number.NEGATIVE_INFINITY;
/** How long an expired result is kept while no newer one is available. */
const MAX_STALE_MS = 300_000;

function createWorkQueue<T, K, R>({ keyOf, ttlMs }: WorkQueueOptions<T, K, R>): WorkQueue<T, K, R> {
  const stableResults = stable<ReadonlyMap<K, R>>(sameEntries);
  let entries = new Map<K, Entry<T, R>>();

  const setTargets = (targets: readonly T[]): void => {
    const before = entries;
    entries = new Map();
    for (const target of targets) {
      const key = keyOf(target);
      entries.set(key, before.get(key) ?? { target, dueMs: NEVER, result: undefined, staleMs: NEVER });
    }
  };

  const next = (): Due<T> | undefined => {
    let first: Due<T> | undefined;
    for (const entry of entries.values()) if (first === undefined || entry.dueMs < first.dueMs) first = entry;
    return first;
  };

  const record = (target: T, result: R | undefined, nowMs: number): boolean => {
    const before = entries.get(keyOf(target));
    if (before === undefined) return false;
    const isSame = isDeepStrictEqual(before.result, result);
    const dueMs = nowMs + ttlMs(result);
    const kept = isSame ? before.result : result;
    entries.set(keyOf(target), { target, result: kept, dueMs, staleMs: dueMs + MAX_STALE_MS });
    return !isSame;
  };

  const postpone = (target: T, dueMs: number): void => {
    const before = entries.get(keyOf(target));
    if (before !== undefined) entries.set(keyOf(target), { ...before, dueMs });
  };

  const results = (nowMs: number): ReadonlyMap<K, R> => {
    const current = new Map<K, R>();
    for (const [key, { result, staleMs }] of entries)
      if (result !== undefined && nowMs <= staleMs) current.set(key, result);
    return stableResults(current);
  };
  return { setTargets, next, record, postpone, results };
}

export interface PollerOptions<T, K, R> extends WorkQueueOptions<T, K, R> {
  readonly resource: ClusterResource;
  /** The result may be undefined if there is nothing to learn at the moment. */
  readonly poll: (target: T, signal: AbortSignal) => Promise<ApiResult<R | undefined>>;
  /** Maximum number of requests in any minute. */
  readonly requestsPerMinute: number;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly callbacks: ApiServerCallbacks;
}

export interface Poller<T, K, R> {
  /** Runs until the signal aborts. Never rejects. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** Replaces all targets and drops the results of those that are gone. The first targets have priority. */
  readonly setTargets: (targets: readonly T[]) => void;
  /** By key; the same map until a result changes. */
  readonly results: () => ReadonlyMap<K, R>;
  readonly state: () => ResourceState;
}

const MINUTE_MS = 60_000;
/** After a failed request, other targets come first. */
const RETRY_MS = MINUTE_MS;
/** An administrator has to grant the permission, so an early retry is pointless. */
const FORBIDDEN_PAUSE_MS = 10 * MINUTE_MS;
/** Without targets: until `setTargets` rings the alarm. */
const IDLE_MS = 60 * MINUTE_MS;

/**
 * Limits the requests in any minute, as SECURITY.md promises for TokenReviews. `take` returns 0, or how long to wait.
 *
 * Each slot is a bucket of one request per minute. A single bucket of that burst would refill during its first minute
 * and so admit nearly twice as many requests.
 */
function createRequestLimit(requestsPerMinute: number, { monotonicMs }: Clock) {
  const perKey = { burst: 1, intervalMs: MINUTE_MS };
  const slots = createRateLimiter({ perKey, maxKeys: requestsPerMinute, monotonicMs });
  /** The slot that was used longest ago. */
  let slot = 0;
  const take = (): number => {
    const waitMs = slots.take(String(slot));
    if (waitMs === 0) slot = (slot + 1) % requestsPerMinute;
    return waitMs;
  };
  return { take };
}

function isForbidden(state: ResourceState): boolean {
  return !state.isUp && state.failure === 'forbidden';
}

export function createPoller<T, K, R>(options: PollerOptions<T, K, R>): Poller<T, K, R> {
  const { resource, poll, requestsPerMinute, clock, random, callbacks } = options;
  const health = createHealth({ resource, initially: UP, random, callbacks });
  const queue = createWorkQueue(options);
  const alarm = createAlarm(clock);
  const limit = createRequestLimit(requestsPerMinute, clock);
  /** No request before this time. */
  let pausedUntilMs = NEVER;

  const pause = (target: T, delayMs: number): void => {
    const minMs = isForbidden(health.state()) ? FORBIDDEN_PAUSE_MS : 0;
    pausedUntilMs = clock.monotonicMs() + Math.max(delayMs, minMs);
    queue.postpone(target, clock.monotonicMs() + RETRY_MS);
  };

  const pollOnce = async (target: T, signal: AbortSignal): Promise<void> => {
    const result = await poll(target, signal);
    if (!result.ok) {
      pause(target, health.recordFailure(result.error));
      return;
    }
    health.recordSuccess();
    health.backOff.reset();
    if (queue.record(target, result.value, clock.monotonicMs())) callbacks.onChange();
  };

  const pollOrPause = (target: T, signal: AbortSignal): Promise<void> =>
    pollOnce(target, signal).catch((error: unknown) => pause(target, health.recordThrown(error)));

  /** Takes a request from the limit if it returns 0. */
  const untilRequestMs = ({ dueMs }: Due<T>): number =>
    Math.max(0, Math.max(dueMs, pausedUntilMs) - clock.monotonicMs()) || limit.take();

  const run = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      const next = queue.next();
      const waitMs = next === undefined ? IDLE_MS : untilRequestMs(next);
      if (next === undefined || waitMs > 0) await alarm.wait(waitMs, signal);
      else await pollOrPause(next.target, signal);
    }
  };

  const setTargets = (targets: readonly T[]): void => {
    queue.setTargets(targets);
    alarm.ring();
  };
  return { run, setTargets, results: () => queue.results(clock.monotonicMs()), state: health.state };
}
