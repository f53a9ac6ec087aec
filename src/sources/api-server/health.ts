/**
 * Whether what is known of one resource is current, and how long to leave the API server alone where it is not.
 *
 * Knows nothing of how the resource is asked for.
 */
import {
  CLUSTER_FAILURES,
  type ClusterFailure,
  type ClusterResource,
  type ResourceState,
} from '../../core/cluster-facts.ts';
import { AnswerError, type Failed, failed } from './failures.ts';

export interface BackOff {
  /** The next wait: anything from a second to a longest, which doubles from wait to wait. */
  readonly nextMs: () => number;
  /** All is well: the next wait is one of the short ones. */
  readonly reset: () => void;
}

const LEAST_MS = 1_000;
/**
 * The first two together stay below the five minutes after which facts are forgotten: that is what a restart of the
 * API server takes, one for the watch that was cut and one for its version that is too old afterwards.
 */
const FIRST_MS = 90_000;
const LONGEST_MS = 300_000;

export function createBackOff(random: () => number): BackOff {
  let mostMs = FIRST_MS;
  const nextMs = (): number => {
    const waitMs = LEAST_MS + random() * (mostMs - LEAST_MS);
    mostMs = Math.min(mostMs * 2, LONGEST_MS);
    return waitMs;
  };
  const reset = (): void => {
    mostMs = FIRST_MS;
  };
  return { nextMs, reset };
}

/** Hears of what the parts of this source come to. */
export interface Listener {
  /** What is known, or whether it is current, is different now. */
  readonly onChange: () => void;
  readonly onFailure: (resource: ClusterResource, failure: ClusterFailure) => void;
  /** Something threw: a bug, and no reason to stop. */
  readonly onError: (error: unknown) => void;
}

export interface HealthOptions {
  readonly resource: ClusterResource;
  readonly initially: ResourceState;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly listener: Listener;
}

export interface Health {
  readonly state: () => ResourceState;
  readonly succeed: () => void;
  /** These two answer how many milliseconds to wait. */
  readonly fail: (failed: Failed) => number;
  /** By anything thrown: an answer that is wrong, or a bug. */
  readonly failBy: (error: unknown) => number;
  readonly backOff: BackOff;
}

/** One object for each state, so that states can be compared. */
export const UP: ResourceState = { isUp: true };
const DOWN = new Map<ClusterFailure, ResourceState>(
  CLUSTER_FAILURES.map((failure) => [failure, { isUp: false, failure }]),
);
/** Nothing was heard yet. */
export const STARTING = down('starting');

function down(failure: ClusterFailure): ResourceState {
  return DOWN.get(failure) ?? { isUp: false, failure };
}

export function createHealth({ resource, initially, random, listener }: HealthOptions): Health {
  const backOff = createBackOff(random);
  let state = initially;

  const enter = (next: ResourceState): void => {
    if (next === state) return;
    state = next;
    listener.onChange();
  };
  const fail = ({ failure, retryAfterMs }: Failed): number => {
    enter(down(failure));
    listener.onFailure(resource, failure);
    return Math.max(backOff.nextMs(), retryAfterMs);
  };
  const failBy = (error: unknown): number => {
    if (error instanceof AnswerError) return fail(failed(error.failure));
    listener.onError(error);
    return fail(failed('bad_answer'));
  };
  return { state: () => state, succeed: () => enter(UP), fail, failBy, backOff };
}
