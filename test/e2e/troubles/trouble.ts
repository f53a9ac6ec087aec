/**
 * What a trouble is: something done to a simulated node, and who is told what of it; and what many of them do.
 *
 * Knows no trouble in particular.
 */
import * as scenarios from '../../../simulator/demo/scenarios.ts';
import { type PodOptions, tokenVolume } from '../../../simulator/pods.ts';
import type { World } from '../../../simulator/world.ts';
import type { ServedWorld, ServedWorldOptions } from '../../support/served-world.ts';

export interface Trouble {
  /** As a person would tell it; short, since it names the cluster. */
  readonly name: string;
  readonly options?: ServedWorldOptions;
  /** Called while all is well. */
  readonly play: (served: ServedWorld) => unknown;
  /** Makes all well again; nothing where the trouble stays. */
  readonly mend?: (served: ServedWorld) => unknown;
  /** The one alert that is told of, where any is. */
  readonly tells?: string;
  readonly severity?: 'critical' | 'warning';
  /** What its description must say. */
  readonly says?: RegExp;
  /** Alerts that fire and are not told of. */
  readonly silences?: readonly string[];
  /** Alerts of others, without the labels of the place. */
  readonly raises?: readonly string[];
}

export const VICTIM = 'victim';
export const EXPORTER = 'sa-token-exporter';
const DAY = 86_400;
/** A token of ten minutes is late at 582 s of age and expires at 600 s. */
export const LATE = 582;

export const played =
  (play: scenarios.Scenario): Trouble['play'] =>
  ({ world }) =>
    play(world, VICTIM);

export const uidOf = ({ podNamed }: ServedWorld): string => podNamed(VICTIM).metadata.uid;
/** Makes a new token. */
export const rotate: Trouble['play'] = (served) => served.world.kubelet.rotate(uidOf(served));
/** The workload is rolled out without the trouble. */
export const remove: Trouble['play'] = (served) => served.world.kubelet.remove(uidOf(served));

/** A pod with a token of a day and no other. */
export function dayPod(name: string): PodOptions {
  const volumes = [tokenVolume('token', { path: 'token', audience: 'partner', expirationSeconds: DAY })];
  return { name, namespace: scenarios.NAMESPACE, serviceAccount: name, isAutomounted: false, volumes };
}

/** Some of them, so many seconds old. */
export function dayTokens(world: World, count: number, age: number): void {
  for (let index = 0; index < count; index += 1) world.run(dayPod(`${VICTIM}-${index}`), age);
}
