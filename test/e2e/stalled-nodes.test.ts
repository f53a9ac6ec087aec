/**
 * Nodes on which no token is rotated, in simulated time: the API server is away, or the kubelet is dead. The cause does
 * not change while the node recovers.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as scenarios from '../../simulator/demo/scenarios.ts';
import type { Pod } from '../../simulator/objects.ts';
import type { SteppedExporter } from '../support/stepped-exporter.ts';
import { causesOf, problemsOf, START, withExporter } from './support/reported.ts';

const STEP = 30;
const PODS = ['a', 'b', 'c'];

/** Pods with a token of 1,800 s, which is due 1,440 s after `START` and overdue 306 s later at the latest. */
function runPods({ world }: SteppedExporter): readonly Pod[] {
  return PODS.map((name) => {
    const pod = world.run(scenarios.vaultPod(name, 'vault', 1_800));
    world.startSyncing(pod);
    return pod;
  });
}

const all = (text: string): readonly string[] => PODS.map((name) => `${name}: ${text}`);
const overdueOnly = (problems: readonly string[]): readonly string[] =>
  problems.filter((problem) => !problem.endsWith(': rotation_overdue'));

describe('a node whose API server is away', () => {
  it(
    'reports api_server_unreachable for exactly the tokens past their grace, until they are rotated',
    withExporter(async (exporter) => {
      const { world, api } = exporter;
      runPods(exporter);
      await exporter.stepTo(START);
      await exporter.stepTo(START + 1_400);
      world.cluster.setAvailable(false);
      await api.chaos.down();
      const outage = () =>
        exporter.until((facts) => facts.outage !== undefined && facts.outage.until === undefined);
      await outage();
      let hasBeenOverdue = false;
      for (let second = 1_410; second <= 1_790; second += STEP) {
        const snapshot = await exporter.advanceTo(START + second);
        assert.deepEqual(overdueOnly(problemsOf(snapshot)), [], `after ${second} s`);
        const causes = causesOf(snapshot);
        if (causes.length > 0) assert.deepEqual(causes, all('api_server_unreachable'), `after ${second} s`);
        hasBeenOverdue ||= causes.length > 0;
      }
      assert.ok(hasBeenOverdue);
      world.cluster.setAvailable(true);
      await api.chaos.up();
      await exporter.until((facts) => facts.outage?.until !== undefined);
      for (let second = 1_791; second <= 2_000; second += STEP) {
        const snapshot = await exporter.advanceTo(START + second);
        const others = causesOf(snapshot).filter((cause) => !cause.endsWith(': api_server_unreachable'));
        assert.deepEqual(others, [], `after ${second} s`);
      }
      assert.deepEqual(problemsOf(await exporter.stepTo(START + 2_000)), []);
    }),
  );
});

describe('a node whose kubelet is dead', () => {
  it(
    'reports kubelet_stalled, also while its pods are marked for deletion and deleted, until the folders are gone',
    withExporter(async (exporter) => {
      const { world } = exporter;
      const pods = runPods(exporter);
      await exporter.stepTo(START);
      world.kubelet.stop();
      const stalled = async (second: number): Promise<void> => {
        const snapshot = await exporter.stepTo(START + second);
        assert.deepEqual(causesOf(snapshot), all('kubelet_stalled'), `after ${second} s`);
        const overdue = problemsOf(snapshot).filter((problem) => problem.endsWith(': rotation_overdue'));
        assert.deepEqual(overdue, all('rotation_overdue'), `after ${second} s`);
      };
      await stalled(1_750);
      world.evictAll();
      for (const second of [1_751, 1_780, 1_900]) await stalled(second);
      for (const { metadata } of pods) world.cluster.deletePod(metadata.namespace, metadata.name);
      await stalled(1_950);
      for (const { metadata } of pods) {
        world.stopSyncing(metadata.uid);
        world.kubelet.remove(metadata.uid);
      }
      const snapshot = await exporter.stepTo(START + 2_000);
      assert.deepEqual([problemsOf(snapshot), causesOf(snapshot)], [[], []]);
    }),
  );

  it(
    'reports it although the pods were marked for deletion before their tokens were overdue',
    withExporter(async (exporter) => {
      const { world } = exporter;
      runPods(exporter);
      await exporter.stepTo(START);
      world.kubelet.stop();
      await exporter.stepTo(START + 350);
      world.evictAll();
      await exporter.stepTo(START + 400);
      const snapshot = await exporter.stepTo(START + 1_750);
      // The API server denies the tokens of a pod whose grace period ended more than a minute ago.
      assert.deepEqual(problemsOf(snapshot), [...all('rotation_overdue'), ...all('token_refused')].sort());
      assert.deepEqual(causesOf(snapshot), all('kubelet_stalled'));
    }),
  );

  it(
    'keeps the cause of the tokens that wait for their turn when it is back',
    withExporter(async (exporter) => {
      const { world } = exporter;
      runPods(exporter);
      await exporter.stepTo(START);
      world.kubelet.stop();
      assert.deepEqual(causesOf(await exporter.stepTo(START + 1_750)), all('kubelet_stalled'));
      const [first, second] = world.kubelet.pods();
      const restart = (pod: Pod | undefined): void => world.kubelet.rotate(pod?.metadata.uid ?? '');
      for (const { metadata } of world.kubelet.pods()) world.stopSyncing(metadata.uid);
      world.kubelet.start();
      restart(first);
      restart(second);
      const snapshot = await exporter.stepTo(START + 1_760);
      const others = causesOf(snapshot).filter((cause) => !cause.endsWith(': kubelet_stalled'));
      assert.deepEqual(others, []);
    }),
  );
});
