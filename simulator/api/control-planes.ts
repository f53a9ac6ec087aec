/**
 * The control planes behind one address. They handle requests in turn, and contradict each other during a roll-out.
 */
import type { Trust } from '../authority.ts';
import type { Cluster } from '../cluster.ts';
import { createReviewer, type Reviewer } from './token-review.ts';

export interface ControlPlane {
  readonly trust: Trust;
  readonly reviewer: Reviewer;
}

export interface ControlPlanes {
  /** The one that handles this request. */
  readonly current: () => ControlPlane;
  /** Passes the turn and returns the one that has it now. */
  readonly next: () => ControlPlane;
  /** Returns a function that removes the control plane. */
  readonly add: (trust: Trust) => () => void;
}

export function createControlPlanes(cluster: Cluster): ControlPlanes {
  const open = (trust: Trust): ControlPlane => ({ trust, reviewer: createReviewer(cluster, trust) });
  const first = open(cluster);
  let added: readonly ControlPlane[] = [];
  let turn = 0;
  const current = (): ControlPlane => added[(turn % (added.length + 1)) - 1] ?? first;
  const next = (): ControlPlane => {
    turn += 1;
    return current();
  };
  const add = (trust: Trust): (() => void) => {
    const plane = open(trust);
    added = [...added, plane];
    return () => {
      added = added.filter((one) => one !== plane);
    };
  };
  return { current, next, add };
}
