/**
 * An incident: a change to a healthy simulated node, and the notifications it must cause.
 */
import * as scenarios from '../../../simulator/demo/scenarios.ts';
import type { World } from '../../../simulator/world.ts';
import type { ServedWorld, ServedWorldOptions } from '../support/served-world.ts';

export interface Incident {
  /** Also the value of the cluster label. */
  readonly name: string;
  readonly options?: ServedWorldOptions;
  readonly start: (served: ServedWorld) => unknown;
  /** Fixes the cause; undefined if the incident stays. */
  readonly resolve?: (served: ServedWorld) => unknown;
  /** The only alert for which notifications are sent; undefined if there are no notifications. */
  readonly alert?: string;
  readonly severity?: 'critical' | 'warning';
  /** Whether the alert fires as a warning first. Tickets of it are left out. */
  readonly isWarnedOf?: boolean;
  /** Must match the description of the alert. */
  readonly description?: RegExp;
  /** An alert that fires, and that the route sends to no receiver. */
  readonly unsent?: string;
  /** Alerts that fire and are inhibited. */
  readonly inhibited?: readonly string[];
  /** Alerts from other sources that fire at the same time. */
  readonly otherAlerts?: readonly string[];
}

export const VICTIM = 'victim';
export const EXPORTER = 'sa-token-exporter';
/** A token of 600 s is overdue past its grace period at this age. It expires at 600 s. */
export const OVERDUE_AGE = 582;

export const scenario =
  (run: scenarios.Scenario): Incident['start'] =>
  ({ world }) =>
    run(world, VICTIM);

export const uidOf = ({ podNamed }: ServedWorld): string => podNamed(VICTIM).metadata.uid;
export const rotate: Incident['start'] = (served) => served.world.kubelet.rotate(uidOf(served));
export const removePod: Incident['start'] = (served) => served.world.kubelet.remove(uidOf(served));

/** Starts `count` pods that are `age` seconds old. */
export function runDayPods(world: World, count: number, age: number): void {
  for (let index = 0; index < count; index += 1) world.run(scenarios.dayPod(`${VICTIM}-${index}`), age);
}
