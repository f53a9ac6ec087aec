/**
 * A healthy hour of a busy node in simulated time, with the usual events of a healthy cluster and nothing to report.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import type { Pod } from '../../simulator/objects.ts';
import { tokenVolume } from '../../simulator/pods.ts';
import { type SteppedExporter, startSteppedExporter } from '../support/stepped-exporter.ts';

const START = 1_795_000_000;
const HOUR = 3_600;
const STEP = 15;
const PODS = 250;

describe('a healthy hour with 250 pods', () => {
  let exporter: SteppedExporter;
  let count = 0;
  /** Events by second. */
  const plan = new Map<number, () => void | Promise<void>>();

  /** Starts another pod, `age` seconds old; every fourth has a short-lived token. */
  const runPod = (age = 0): Pod => {
    const short = tokenVolume('vault-token', {
      path: 'vault-token',
      audience: 'vault',
      expirationSeconds: 600,
    });
    const volumes = count % 4 === 0 ? [short] : [];
    const pod = exporter.world.run(
      { name: `pod-${count}`, serviceAccount: `account-${count % 40}`, volumes },
      age,
    );
    exporter.world.startSyncing(pod, age);
    count += 1;
    return pod;
  };

  const planDrain = (at: number, pods: readonly Pod[]): void => {
    const { kubelet, stopSyncing } = exporter.world;
    plan.set(at, () => {
      for (const { metadata } of pods) kubelet.terminate(metadata.uid);
    });
    plan.set(at + 2 * STEP, () => {
      for (const { metadata } of pods) {
        stopSyncing(metadata.uid);
        kubelet.remove(metadata.uid);
        runPod();
      }
    });
  };

  const planJob = (at: number, { metadata }: Pod): void => {
    plan.set(at, () => {
      exporter.world.stopSyncing(metadata.uid);
      exporter.world.kubelet.complete(metadata.uid);
    });
  };

  before(async () => {
    exporter = await startSteppedExporter(START);
  });
  after(() => exporter.close());

  it('has no problems at any time', async () => {
    const { kubelet } = exporter.world;
    const pods = Array.from({ length: PODS }, (_, index) => runPod((index * 7) % 540));
    planDrain(900, pods.slice(0, 20));
    planDrain(2_700, pods.slice(20, 40));
    for (const [job, pod] of pods.slice(100, 110).entries()) planJob(300 * (job + 1), pod);
    // After a restart the kubelet requests new tokens for all pods.
    plan.set(615, kubelet.stop);
    plan.set(630, kubelet.start);
    // One of several API servers restarts, which closes its watches.
    plan.set(1_815, async () => {
      await exporter.api.chaos.down();
      await exporter.api.chaos.up();
    });
    let issued = 0;
    for (let second = 0; second <= HOUR; second += STEP) {
      await plan.get(second)?.();
      const snapshot = await exporter.stepTo(START + second);
      const { problems, causes, missingTokens, observation } = snapshot;
      assert.deepEqual(
        [...problems].filter(([, number]) => number > 0),
        [],
        `after ${second} s`,
      );
      assert.deepEqual([missingTokens, observation.unreadable], [[], []]);
      assert.deepEqual(
        [...causes.values()].filter(({ cause }) => cause !== 'pod_terminating'),
        [],
      );
      issued += observation.tokens.filter(
        ({ claims }) => (claims.issuedAt ?? 0) > exporter.now() - STEP,
      ).length;
    }
    assert.ok(issued > PODS, 'tokens were rotated');
    assert.ok(exporter.cluster.facts().signatures.size > PODS, 'signatures were verified');
  });
});
