/**
 * Scenarios that look the same for a day, however long the demo runs.
 */
import type { Volume, VolumeProjection } from '../objects.ts';
import type { World } from '../world.ts';
import type { Scenario } from './scenarios.ts';

export const DAY = 86_400;
const WEEK = 7 * DAY;

function withLifetime(source: VolumeProjection): VolumeProjection {
  const { serviceAccountToken } = source;
  if (serviceAccountToken === undefined) return source;
  return { serviceAccountToken: { ...serviceAccountToken, expirationSeconds: WEEK } };
}

function withLifetimes(volume: Volume): Volume {
  const { projected } = volume;
  if (projected === undefined) return volume;
  return { ...volume, projected: { ...projected, sources: projected.sources.map(withLifetime) } };
}

function runningWith(change: (run: World['run']) => World['run'], scenario: Scenario): Scenario {
  return (world, name) => scenario({ ...world, run: change(world.run) }, name);
}

/**
 * With a lifetime of a week, the refresh of a token is due after a day: until then nothing about it changes. An `age` of
 * more than a day makes it overdue for the rest of the week.
 */
export function lasting(scenario: Scenario, age?: number): Scenario {
  return runningWith(
    (run) => (options, given) =>
      run({ ...options, volumes: (options.volumes ?? []).map(withLifetimes) }, age ?? given),
    scenario,
  );
}

/** The kubelet keeps trying, and posts the event of its failure again before the last one is deleted. */
export function retried(scenario: Scenario): Scenario {
  return (world, name) =>
    runningWith(
      (run) => (options, age) => {
        const pod = run(options, age);
        world.startSyncing(pod);
        return pod;
      },
      scenario,
    )(world, name);
}
