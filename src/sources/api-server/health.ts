/**
 * The state of each resource, the back-off after a failure, and the runs of the source.
 *
 * When an API server restarts, all nodes lose their watches within the same second. A random back-off spreads their
 * return. It grows only if the API server may be overloaded, or if an early retry is pointless: one that was merely away
 * is needed again as soon as it is back.
 */
import {
  CLUSTER_FAILURES,
  type ClusterFailure,
  type ClusterResource,
  type ResourceState,
} from '../../core/cluster-facts.ts';
import type { SourceRun } from '../../core/facts.ts';
import type { EpochSeconds } from '../../core/token/token.ts';
import type { Clock } from '../../util/clock.ts';
import { type ApiError, ResponseError } from './client/failures.ts';
import type { DropReason, RequestedResource } from './client/requests.ts';

export interface BackOff {
  /**
   * The next delay: random, up to a maximum. The first one spreads the nodes of a fleet evenly; later ones keep them
   * apart. If `isGrowing`, the maximum doubles with each call, up to five minutes.
   */
  readonly nextMs: (isGrowing: boolean) => number;
  /** Resets the maximum after a success. */
  readonly reset: () => void;
}

const MIN_MS = 1_000;
const MAX_MS = 300_000;
/** Of the maximum. The shorter the delays, the more nodes return in the first second of an API server that was away. */
const LATER_MIN = 0.9;
/** Spreads the requests of a fleet: most resources can wait. */
const DEFAULT_SPREAD_MS = 120_000;

/** A random delay of at least a second, so that a retry loop never spins. */
export function spread(random: () => number, maxMs: number, minMs = MIN_MS): number {
  return minMs + random() * (maxMs - minMs);
}

/** `spreadMs`: the first maximum. */
export function createBackOff(random: () => number, spreadMs = DEFAULT_SPREAD_MS): BackOff {
  let maxMs = spreadMs;
  let isFirst = true;
  const nextMs = (isGrowing: boolean): number => {
    const delayMs = spread(random, maxMs, isFirst ? MIN_MS : LATER_MIN * maxMs);
    isFirst = false;
    if (isGrowing) maxMs = Math.min(maxMs * 2, MAX_MS);
    return delayMs;
  };
  const reset = (): void => {
    maxMs = spreadMs;
    isFirst = true;
  };
  return { nextMs, reset };
}

/** No request has failed. */
const PENDING: readonly ClusterFailure[] = ['starting', 'reconnecting'];
/** The API server is away. It may be back at any moment, and a request that fails costs it nothing. */
const AWAY: readonly ClusterFailure[] = ['unreachable', 'timeout', 'server_error'];

/** Callbacks of the API server source. */
export interface ApiServerCallbacks {
  /** The facts or the state of a resource have changed. */
  readonly onChange: () => void;
  readonly onFailure: (resource: RequestedResource, failure: ClusterFailure) => void;
  /** A resource that had failed is up to date again. */
  readonly onRecovery: (resource: RequestedResource) => void;
  /** An object of a response is not used. `name` is its namespace and name, or empty. */
  readonly onDropped: (resource: ClusterResource, reason: DropReason, name: string) => void;
  /** An unexpected exception, which is a bug. The source goes on. */
  readonly onError: (error: unknown) => void;
}

export interface HealthOptions {
  readonly resource: RequestedResource;
  readonly initially: ResourceState;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly callbacks: ApiServerCallbacks;
  /** Of the back-off, see createBackOff. */
  readonly spreadMs?: number;
}

export interface Health {
  readonly state: () => ResourceState;
  readonly recordSuccess: () => void;
  /** The API server has no data, and says so. */
  readonly recordNotPublished: () => void;
  /** A watch has ended early or is not yet confirmed. */
  readonly recordReconnect: () => void;
  /** Returns how long to wait before the next request, in milliseconds. */
  readonly recordFailure: (error: ApiError) => number;
  /** As `recordFailure`, for anything thrown: a ResponseError or a bug. */
  readonly recordThrown: (error: unknown) => number;
  readonly backOff: BackOff;
}

/** One object per state, so that states can be compared by identity. */
export const UP: ResourceState = { isUp: true };
const NOT_PUBLISHED: ResourceState = { isUp: true, reason: 'not_published' };
const DOWN = new Map<ClusterFailure, ResourceState>(
  CLUSTER_FAILURES.map((failure) => [failure, { isUp: false, failure }]),
);
/** Before the first response. */
export const STARTING = down('starting');
/** No failure, but the data may be out of date. */
const RECONNECTING = down('reconnecting');

export function down(failure: ClusterFailure): ResourceState {
  return DOWN.get(failure) ?? { isUp: false, failure };
}

export function createHealth(options: HealthOptions): Health {
  const { resource, initially, random, callbacks, spreadMs } = options;
  const backOff = createBackOff(random, spreadMs);
  let state = initially;
  /** Whether a request has failed since the last success. */
  let hasFailed = false;

  const enter = (next: ResourceState): void => {
    if (next === state) return;
    state = next;
    callbacks.onChange();
  };
  const enterUp = (next: ResourceState): void => {
    enter(next);
    if (hasFailed) callbacks.onRecovery(resource);
    hasFailed = false;
  };
  const recordFailure = ({ failure, retryAfterMs }: ApiError): number => {
    hasFailed = true;
    enter(down(failure));
    callbacks.onFailure(resource, failure);
    return Math.max(backOff.nextMs(!AWAY.includes(failure)), retryAfterMs);
  };
  const recordThrown = (error: unknown): number => {
    if (error instanceof ResponseError) return recordFailure({ failure: error.failure, retryAfterMs: 0 });
    callbacks.onError(error);
    return recordFailure({ failure: 'bad_answer', retryAfterMs: 0 });
  };
  const recordReconnect = (): void => {
    if (state !== STARTING) enter(RECONNECTING);
  };
  const recordSuccess = (): void => enterUp(UP);
  const recordNotPublished = (): void => enterUp(NOT_PUBLISHED);
  return {
    state: () => state,
    recordSuccess,
    recordNotPublished,
    recordReconnect,
    recordFailure,
    recordThrown,
    backOff,
  };
}

/** Maximum age of the last response before the objects are stale. */
const MAX_STALENESS_MS = 300_000;
const NEVER = Number.NEGATIVE_INFINITY;

/** Whether the objects of a resource are up to date. */
export interface Currency {
  /** Whether the objects count. */
  readonly isKnown: () => boolean;
  /** When the objects may have become out of date; undefined while they are up to date. */
  readonly lostAt: () => EpochSeconds | undefined;
  /** Returns whether the objects were out of date until now, which makes them news even if they are unchanged. */
  readonly confirm: () => boolean;
  /** The watch ended. */
  readonly lose: () => void;
  /** A request failed. */
  readonly drop: () => void;
}

/** `holdMs`: how long the objects count after the watch was lost. */
export function createCurrency(clock: Clock, holdMs: number): Currency {
  let confirmedMs = NEVER;
  let lost: { readonly at: EpochSeconds; readonly ms: number } | undefined;

  const isKnown = (): boolean => {
    const nowMs = clock.monotonicMs();
    return nowMs - confirmedMs <= MAX_STALENESS_MS && (lost === undefined || nowMs - lost.ms < holdMs);
  };
  const confirm = (): boolean => {
    const wasCurrent = isKnown() && lost === undefined;
    confirmedMs = clock.monotonicMs();
    lost = undefined;
    return !wasCurrent;
  };
  const lose = (): void => {
    lost ??= { at: clock.now(), ms: clock.monotonicMs() };
  };
  const drop = (): void => {
    lose();
    confirmedMs = NEVER;
  };
  return { isKnown, lostAt: () => lost?.at, confirm, lose, drop };
}

/** The runs of the source, from the states of its resources. */
export interface RunTracker {
  /** Call it at the start, and after every change of a state and every failed request. */
  readonly update: (states: Iterable<ResourceState>) => void;
  readonly lastRun: () => SourceRun | undefined;
}

/**
 * A run begins at the start or when a resource goes down, and succeeds once all resources are up. Each failed request
 * until then makes it a failed run, which continues.
 */
export function createRunTracker(monotonicMs: () => number): RunTracker {
  /** Undefined while all resources are up. */
  let startedMs: number | undefined;
  let lastRun: SourceRun | undefined;

  const update: RunTracker['update'] = (states) => {
    const down = [...states].filter((state) => !state.isUp);
    if (down.length === 0 && startedMs === undefined) return;
    startedMs ??= monotonicMs();
    const isFailed = down.some(({ failure }) => !PENDING.includes(failure));
    if (down.length > 0 && !isFailed) return;
    lastRun = { isSuccess: !isFailed, seconds: (monotonicMs() - startedMs) / 1_000 };
    if (!isFailed) startedMs = undefined;
  };
  return { update, lastRun: () => lastRun };
}
