/**
 * A kubelet that runs in a container was restarted and mounted the volumes of its pods again: containers that ran before
 * see the old ones, and nothing else is reported. With kernels that keep birth times of file systems, and without.
 */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import * as scenarios from '../../simulator/demo/scenarios.ts';
import type { Snapshot } from '../../src/core/snapshot.ts';
import { type SteppedExporter, startSteppedExporter } from '../support/stepped-exporter.ts';

const START = 1_795_000_000;
const STEP = 30;
const PODS = ['api', 'web'] as const;

let exporter: SteppedExporter;

/** The reasons of each pod that has any. */
function reported({ assessments }: Snapshot): readonly string[] {
  return assessments
    .flatMap(({ token, failures }) => failures.map(({ check }) => `${token.identity.pod}: ${check.reason}`))
    .toSorted();
}

function uidsOf({ world }: SteppedExporter): readonly string[] {
  return world.kubelet.pods().map(({ metadata }) => metadata.uid);
}

/** Two pods with a token each, seen by an exporter for as long as a minute and a half. */
async function runPods(hasBirthTimes: boolean): Promise<number> {
  exporter = await startSteppedExporter(START, { hasBirthTimes });
  for (const name of PODS)
    exporter.world.startSyncing(exporter.world.run(scenarios.vaultPod(name, 'vault', 3_600)));
  let time = START;
  for (; time < START + 4 * STEP; time += STEP) assert.deepEqual(reported(await exporter.stepTo(time)), []);
  return time;
}

for (const hasBirthTimes of [true, false])
  describe(`volumes that were mounted again, on a kernel ${hasBirthTimes ? 'with' : 'without'} birth times`, () => {
    afterEach(() => exporter.close());

    it('are reported within a scan, and nothing else', async () => {
      const time = await runPods(hasBirthTimes);
      for (const uid of uidsOf(exporter)) exporter.world.kubelet.mountAgain(uid);
      const expected = PODS.map((name) => `${name}: container_view_stale`);
      for (const later of [0, STEP, 10 * STEP])
        assert.deepEqual(reported(await exporter.stepTo(time + later)), expected);
    });

    it('are no longer reported for a pod once its containers were restarted', async () => {
      const time = await runPods(hasBirthTimes);
      const uids = uidsOf(exporter);
      for (const uid of uids) exporter.world.kubelet.mountAgain(uid);
      await exporter.stepTo(time);
      exporter.world.kubelet.restartContainers(uids[0] ?? '');
      assert.deepEqual(reported(await exporter.stepTo(time + STEP)), ['web: container_view_stale']);
    });

    it('are not reported if the containers were restarted with the kubelet', async () => {
      const time = await runPods(hasBirthTimes);
      for (const uid of uidsOf(exporter)) {
        exporter.world.kubelet.mountAgain(uid);
        exporter.world.kubelet.restartContainers(uid);
      }
      assert.deepEqual(reported(await exporter.stepTo(time)), []);
    });
  });
