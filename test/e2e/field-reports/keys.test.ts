/**
 * A signing key that is replaced. The API server rejects the exporter's own token like all others.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { currentTrust } from '../../../simulator/authority.ts';
import { problemsOf, START, withExporter } from '../support/reported.ts';

/** A healthy kubelet renews the canary of 600 s by then. */
const CANARY_RENEWED = 600;
const STEP = 30;

describe('a signing key that is replaced and withdrawn', () => {
  it(
    'is reported for every token that it signed, once the exporter has a new one',
    withExporter(
      async ({ world, stepTo, advanceTo, settle, sleep }) => {
        world.run({ name: 'web' }, 300);
        assert.deepEqual(problemsOf(await stepTo(START)), []);
        world.cluster.changeKey(false);
        for (let age = STEP; age <= CANARY_RENEWED; age += STEP) {
          await sleep(STEP);
          await advanceTo(START + age);
        }
        const snapshot = await settle((current) => problemsOf(current).includes('web: signing_key_unknown'));
        assert.deepEqual(problemsOf(snapshot), ['exporter: signing_key_unknown', 'web: signing_key_unknown']);
      },
      { hasOwnPod: true, speed: 60 },
    ),
  );
});

describe('control planes that contradict each other during a roll-out', () => {
  it(
    'lead to no report about tokens that one of them accepts',
    withExporter(async ({ world, api, stepTo }) => {
      const remove = api.chaos.addControlPlane(currentTrust(world.cluster));
      world.cluster.changeKey(true);
      for (let index = 0; index < 10; index += 1) world.run({ name: `pod-${index}` }, 60);
      await stepTo(START);
      assert.deepEqual(problemsOf(await stepTo(START + 30)), []);
      remove();
      assert.deepEqual(problemsOf(await stepTo(START + 600)), []);
    }),
  );
});
