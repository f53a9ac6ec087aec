/**
 * An API server that is away for a while: only tokens past their grace period are reported, with the outage as cause.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { PodOptions } from '../../simulator/pods.ts';
import { tokenVolume } from '../../simulator/pods.ts';
import type { SteppedExporter } from '../support/stepped-exporter.ts';
import { causesOf, problemsOf, START, withExporter } from './support/reported.ts';

const STEP = 15;
const AUDIENCE = 'partner';

function podWith(name: string, seconds: number): PodOptions {
  const volumes = [tokenVolume('token', { path: 'token', audience: AUDIENCE, expirationSeconds: seconds })];
  return { name, namespace: 'apps', serviceAccount: name, isAutomounted: false, volumes };
}

/** One pod per age, which the kubelet syncs. */
function runPods({ world }: SteppedExporter, prefix: string, seconds: number, ages: readonly number[]): void {
  for (const age of ages) world.startSyncing(world.run(podWith(`${prefix}-${age}`, seconds), age), age);
}

async function setAway({ world, api }: SteppedExporter, isAway: boolean): Promise<void> {
  world.cluster.setAvailable(!isAway);
  await (isAway ? api.chaos.down() : api.chaos.up());
}

for (const minutes of [3, 5])
  describe(`an API server that is away for ${minutes} min`, () => {
    it(
      'leads to reports about tokens past their grace period only',
      withExporter(
        async (exporter) => {
          const { advanceTo, stepTo, sleep } = exporter;
          runPods(exporter, 'short', 600, [0, 120, 240, 360, 450]);
          runPods(exporter, 'long', 3_600, [0, 600, 1_200, 1_800]);
          assert.deepEqual(problemsOf(await stepTo(START)), []);
          await setAway(exporter, true);
          for (let age = STEP; age <= minutes * 60; age += STEP) {
            await sleep(STEP);
            const snapshot = await advanceTo(START + age);
            const late = snapshot.assessments
              .filter(({ schedule }) => (schedule.overdueFrom ?? Number.POSITIVE_INFINITY) < START + age)
              .map(({ token }) => token.identity.pod);
            const reasons = problemsOf(snapshot).filter((problem) => !problem.endsWith(': expired'));
            assert.deepEqual(reasons, late.map((pod) => `${pod}: rotation_overdue`).sort(), `after ${age} s`);
            assert.deepEqual(causesOf(snapshot), late.map((pod) => `${pod}: api_server_unreachable`).sort());
          }
          await setAway(exporter, false);
          const snapshot = await stepTo(START + minutes * 60 + 120);
          assert.deepEqual(problemsOf(snapshot), []);
        },
        { hasOwnPod: true, speed: 200 },
      ),
    );
  });
