/**
 * Polls the API server about individual targets, such as the tokens that fail a check, within a rate limit.
 *
 * A failed request pauses all targets: the API server is unavailable or denies the request.
 */
import type { ResourceState } from '../../core/cluster-facts.ts';
import { type Clock, createAlarm } from '../../util/clock.ts';
import { createRateLimiter } from '../../util/token-bucket.ts';
import type { ApiResult } from './client/failures.ts';
import type { RequestedResource } from './client/requests.ts';
import { type ApiServerCallbacks, createHealth, UP } from './health.ts';
import { createWorkQueue, type Due, type WorkQueueOptions } from './work-queue.ts';

/** A budget of requests for some of the targets. */
export interface Lane<T> {
  readonly has: (target: T) => boolean;
  /** Maximum number of requests in any minute. */
  readonly requestsPerMinute: number;
}

export interface Attempt<R> {
  /** The last result that is still valid. */
  readonly previous: R | undefined;
  /** Whether `poll` may send another request for the same target. Takes it from the limit. */
  readonly takeAnother: () => boolean;
  readonly signal: AbortSignal;
}

export interface PollerOptions<T, K, R> extends WorkQueueOptions<T, K, R> {
  readonly resource: RequestedResource;
  /** The result may be undefined if there is nothing to learn at the moment. */
  readonly poll: (target: T, attempt: Attempt<R>) => Promise<ApiResult<R | undefined>>;
  /** Each target is in exactly one. */
  readonly lanes: readonly Lane<T>[];
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly callbacks: ApiServerCallbacks;
  /** Before the first request. By default, the resource is up. */
  readonly initially?: ResourceState;
}

export interface Poller<T, K, R> {
  /** Runs until the signal aborts. Never rejects. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** Replaces all targets and drops the results of those that are gone. The first targets have priority. */
  readonly setTargets: (targets: readonly T[]) => void;
  /** By key; the same map until a result changes. */
  readonly results: () => ReadonlyMap<K, R>;
  /** Targets for which the first request is due but has not been sent. */
  readonly untried: () => readonly K[];
  /** Keys of the targets without a result. */
  readonly unanswered: () => readonly K[];
  /** Drops all results and polls all targets again, because what the results depend on has changed. */
  readonly clear: () => void;
  readonly state: () => ResourceState;
}

const NEVER = Number.NEGATIVE_INFINITY;
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

interface OpenLane<T> extends Lane<T> {
  readonly limit: ReturnType<typeof createRequestLimit>;
}

function openLane<T>(lane: Lane<T>, clock: Clock): OpenLane<T> {
  return { ...lane, limit: createRequestLimit(lane.requestsPerMinute, clock) };
}

interface Turn<T> {
  readonly target: T;
  readonly lane: OpenLane<T>;
}

/**
 * The next target that is due, or how long to wait for one.
 *
 * `untilDueMs`: how long to wait for a target, apart from the limit of its lane.
 */
function nextTurn<T>(
  lanes: readonly OpenLane<T>[],
  next: (lane: OpenLane<T>) => Due<T> | undefined,
  untilDueMs: (due: Due<T>) => number,
): Turn<T> | number {
  let waitMs = IDLE_MS;
  for (const lane of lanes) {
    const due = next(lane);
    if (due === undefined) continue;
    // Takes a request from the limit only if the target is due.
    const leftMs = untilDueMs(due) || lane.limit.take();
    if (leftMs === 0) return { target: due.target, lane };
    waitMs = Math.min(waitMs, leftMs);
  }
  return waitMs;
}

export function createPoller<T, K, R>(options: PollerOptions<T, K, R>): Poller<T, K, R> {
  const { resource, poll, clock, random, callbacks, keyOf, initially = UP } = options;
  const health = createHealth({ resource, initially, random, callbacks });
  const queue = createWorkQueue(options, clock);
  const alarm = createAlarm(clock);
  const lanes = options.lanes.map((lane) => openLane(lane, clock));
  /** No request before this time. */
  let pausedUntilMs = NEVER;
  /** Number of calls of `clear`. The result of a request that was sent before the last one is out of date. */
  let generation = 0;

  const untilDueMs = ({ dueMs }: Due<T>): number =>
    Math.max(0, Math.max(dueMs, pausedUntilMs) - clock.monotonicMs());

  const pause = (target: T, delayMs: number): void => {
    const minMs = isForbidden(health.state()) ? FORBIDDEN_PAUSE_MS : 0;
    pausedUntilMs = clock.monotonicMs() + Math.max(delayMs, minMs);
    queue.postpone(target, clock.monotonicMs() + RETRY_MS);
  };

  const pollOnce = async ({ target, lane }: Turn<T>, signal: AbortSignal): Promise<void> => {
    const sentIn = generation;
    const takeAnother = (): boolean => lane.limit.take() === 0;
    const result = await poll(target, { previous: queue.results().get(keyOf(target)), takeAnother, signal });
    if (!result.ok) return pause(target, health.recordFailure(result.error));
    health.recordSuccess();
    health.backOff.reset();
    if (sentIn === generation && queue.record(target, result.value)) callbacks.onChange();
  };

  const pollOrPause = (turn: Turn<T>, signal: AbortSignal): Promise<void> =>
    pollOnce(turn, signal).catch((error: unknown) => pause(turn.target, health.recordThrown(error)));

  const run = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      const turn = nextTurn(lanes, ({ has }) => queue.next(has), untilDueMs);
      if (typeof turn === 'number') await alarm.wait(turn, signal);
      else await pollOrPause(turn, signal);
    }
  };

  const setTargets = (targets: readonly T[]): void => {
    queue.setTargets(targets);
    alarm.ring();
  };
  const clear = (): void => {
    generation += 1;
    queue.clear();
    alarm.ring();
  };
  const { results, untried, unanswered } = queue;
  return { run, setTargets, results, untried, unanswered, clear, state: health.state };
}
