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
import { type BackOff, createBackOff } from './back-off.ts';
import { AnswerError, type Failed, failed } from './failures.ts';

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
