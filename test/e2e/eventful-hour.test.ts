/**
 * An hour with everything that happens in a healthy cluster, in simulated time: nothing is reported.
 *
 * The API server is away for 30 s while pods are evicted, the kubelet restarts, jobs end, a namespace is deleted, and pods
 * of virtual clusters and with tokens of other clusters run all the time.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as foreign from '../../simulator/demo/foreign-scenarios.ts';
import type { Pod } from '../../simulator/objects.ts';
import { tokenVolume } from '../../simulator/pods.ts';
import type { SteppedExporter } from '../support/stepped-exporter.ts';
import { causesOf, problemsOf, START, withExporter } from './support/reported.ts';

const HOUR = 3_600;
const STEP = 15;
const PODS = 60;
const JOBS = 5;
const AWAY_AT = 1_800;
/** Two steps. */
const AWAY_SECONDS = 30;
/** The shortest lifetime that survives such an outage unnoticed. */
const SHORT_SECONDS = 1_800;

const { vclusterPod, k3kPod, otherClusterToken, otherClusterLegacyToken, serviceToken } = foreign;
const FOREIGN = { vclusterPod, k3kPod, otherClusterToken, otherClusterLegacyToken, serviceToken };

type Plan = ReadonlyMap<number, () => void | Promise<void>>;

function createRunner({ world }: SteppedExporter) {
  let count = 0;
  const volume = tokenVolume('partner', {
    path: 'token',
    audience: 'partner',
    expirationSeconds: SHORT_SECONDS,
  });
  return (namespace = 'default', age = 0): Pod => {
    const name = `pod-${count}`;
    count += 1;
    const serviceAccount = `account-${count % 7}`;
    const pod = world.run({ name, namespace, serviceAccount, volumes: [volume] }, age);
    world.startSyncing(pod, age);
    return pod;
  };
}

function planHour(exporter: SteppedExporter): Plan {
  const { world, api } = exporter;
  const { kubelet, cluster, stopSyncing } = world;
  const run = createRunner(exporter);
  const pods = Array.from({ length: PODS }, (_, index) => run('default', (index * 41) % 1_400));
  const removed = Array.from({ length: 4 }, () => run('gone'));
  const evicted = pods.slice(0, 10);
  for (const [name, scenario] of Object.entries(FOREIGN)) scenario(world, name.toLowerCase());
  const remove = ({ metadata }: Pod): void => {
    stopSyncing(metadata.uid);
    kubelet.remove(metadata.uid);
  };
  const complete = ({ metadata }: Pod): void => {
    stopSyncing(metadata.uid);
    kubelet.complete(metadata.uid);
  };
  const jobs = pods.slice(-JOBS).map((pod, index) => [300 * (index + 1), () => complete(pod)] as const);
  return new Map<number, () => void | Promise<void>>([
    ...jobs,
    [615, kubelet.stop],
    [645, kubelet.start],
    [900 + STEP, () => world.deleteNamespace('gone')],
    [900 + 3 * STEP, () => removed.forEach(remove)],
    [
      AWAY_AT - STEP,
      () => {
        for (const { metadata } of evicted) kubelet.terminate(metadata.uid);
      },
    ],
    [
      AWAY_AT,
      async () => {
        cluster.setAvailable(false);
        await api.chaos.down();
      },
    ],
    [
      AWAY_AT + STEP,
      () => {
        for (const pod of evicted) remove(pod);
        for (const _ of evicted) run();
      },
    ],
    [
      AWAY_AT + AWAY_SECONDS,
      async () => {
        cluster.setAvailable(true);
        await api.chaos.up();
      },
    ],
  ]);
}

describe('an eventful hour of a healthy cluster', () => {
  it(
    'never has anything to report',
    withExporter(
      async (exporter) => {
        const plan = planHour(exporter);
        for (let second = 0; second <= HOUR; second += STEP) {
          await plan.get(second)?.();
          const isAway = second >= AWAY_AT && second < AWAY_AT + AWAY_SECONDS;
          const snapshot = await (isAway ? exporter.advanceTo : exporter.stepTo)(START + second);
          assert.deepEqual(problemsOf(snapshot), [], `after ${second} s`);
          assert.deepEqual(snapshot.observation.unreadable, [], `after ${second} s`);
          assert.deepEqual(
            causesOf(snapshot).filter((cause) => !cause.endsWith(': pod_terminating')),
            [],
            `after ${second} s`,
          );
        }
      },
      { hasOwnPod: true, args: ['--cluster.token-review=all'] },
    ),
  );
});
