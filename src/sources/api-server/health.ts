/**
 * The state of each resource, the back-off after a failure, and the runs of the source.
 *
 * When an API server restarts, all nodes lose their watches within the same second. A random back-off spreads their
 * return; a growing one keeps those that fail again away for longer.
 */
import {
  CLUSTER_FAILURES,
  type ClusterFailure,
  type ClusterResource,
  type ResourceState,
} from '../../core/cluster-facts.ts';
import type { SourceRun } from '../../core/facts.ts';
import { type ApiError, ResponseError } from './failures.ts';
import type { DropReason } from './requests.ts';

export interface BackOff {
  /** The next delay: random between one second and a maximum that doubles with each call, up to five minutes. */
  readonly nextMs: () => number;
  /** Resets the maximum after a success. */
  readonly reset: () => void;
}

const MIN_MS = 1_000;
/**
 * The first two delays sum to less than the five minutes after which objects become stale. A restart of the API server
 * takes both: one for the watch that was cut, one for its resource version, which is too old afterwards.
 */
const FIRST_MAX_MS = 90_000;
const MAX_MS = 300_000;

export function createBackOff(random: () => number): BackOff {
  let maxMs = FIRST_MAX_MS;
  const nextMs = (): number => {
    const delayMs = MIN_MS + random() * (maxMs - MIN_MS);
    maxMs = Math.min(maxMs * 2, MAX_MS);
    return delayMs;
  };
  const reset = (): void => {
    maxMs = FIRST_MAX_MS;
  };
  return { nextMs, reset };
}

/** Callbacks of the API server source. */
export interface ApiServerCallbacks {
  /** The facts or the state of a resource have changed. */
  readonly onChange: () => void;
  readonly onFailure: (resource: ClusterResource, failure: ClusterFailure) => void;
  /** A resource that had failed is up to date again. */
  readonly onRecovery: (resource: ClusterResource) => void;
  /** An object of a response is not used. `name` is its namespace and name, or empty. */
  readonly onDropped: (resource: ClusterResource, reason: DropReason, name: string) => void;
  /** An unexpected exception, which is a bug. The source goes on. */
  readonly onError: (error: unknown) => void;
}

export interface HealthOptions {
  readonly resource: ClusterResource;
  readonly initially: ResourceState;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly callbacks: ApiServerCallbacks;
}

export interface Health {
  readonly state: () => ResourceState;
  readonly recordSuccess: () => void;
  /** Returns how long to wait before the next request, in milliseconds. */
  readonly recordFailure: (error: ApiError) => number;
  /** As `recordFailure`, for anything thrown: a ResponseError or a bug. */
  readonly recordThrown: (error: unknown) => number;
  readonly backOff: BackOff;
}

/** One object per state, so that states can be compared by identity. */
export const UP: ResourceState = { isUp: true };
const DOWN = new Map<ClusterFailure, ResourceState>(
  CLUSTER_FAILURES.map((failure) => [failure, { isUp: false, failure }]),
);
/** Before the first response. */
export const STARTING = down('starting');

function down(failure: ClusterFailure): ResourceState {
  return DOWN.get(failure) ?? { isUp: false, failure };
}

export function createHealth({ resource, initially, random, callbacks }: HealthOptions): Health {
  const backOff = createBackOff(random);
  let state = initially;

  const enter = (next: ResourceState): void => {
    if (next === state) return;
    const isRecovery = next === UP && state !== STARTING;
    state = next;
    if (isRecovery) callbacks.onRecovery(resource);
    callbacks.onChange();
  };
  const recordFailure = ({ failure, retryAfterMs }: ApiError): number => {
    enter(down(failure));
    callbacks.onFailure(resource, failure);
    return Math.max(backOff.nextMs(), retryAfterMs);
  };
  const recordThrown = (error: unknown): number => {
    if (error instanceof ResponseError) return recordFailure({ failure: error.failure, retryAfterMs: 0 });
    callbacks.onError(error);
    return recordFailure({ failure: 'bad_answer', retryAfterMs: 0 });
  };
  return { state: () => state, recordSuccess: () => enter(UP), recordFailure, recordThrown, backOff };
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
    const isFailed = down.some(({ failure }) => failure !== 'starting');
    if (down.length > 0 && !isFailed) return;
    lastRun = { isSuccess: !isFailed, seconds: (monotonicMs() - startedMs) / 1_000 };
    if (!isFailed) startedMs = undefined;
  };
  return { update, lastRun: () => lastRun };
}
