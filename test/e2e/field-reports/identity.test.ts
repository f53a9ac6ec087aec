/**
 * The pod that holds a token, which need not be the one that the token names.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as scenarios from '../../../simulator/demo/scenarios.ts';
import { problemsOf, START, withExporter } from '../support/reported.ts';

describe('a legacy token', () => {
  it(
    'is reported under the pod that mounts it, which is not without a token',
    withExporter(async ({ world, stepTo }) => {
      world.cluster.createLegacySecret('ci', 'ci-token-abcde', 'default');
      const volumes = [{ name: 'ci-token', secret: { secretName: 'ci-token-abcde' } }];
      world.run({ name: 'runner-0', namespace: 'ci', isAutomounted: false, volumes }, 300);
      await stepTo(START);
      const snapshot = await stepTo(START + 30);
      const [token] = snapshot.observation.tokens;
      assert.deepEqual(problemsOf(snapshot), ['runner-0: legacy_token']);
      assert.deepEqual([token?.identity.namespace, token?.identity.pod], ['ci', 'runner-0']);
      assert.deepEqual(
        [...snapshot.tokenless].filter(([, count]) => count > 0),
        [],
      );
    }),
  );
});

describe("a token that names another team's pod", () => {
  it(
    'is reported under the pod that holds it',
    withExporter(async ({ world, stepTo }) => {
      scenarios.tokenOfAnotherPod(world, 'copied');
      await stepTo(START);
      assert.deepEqual(problemsOf(await stepTo(START + 30)), ['copied: pod_mismatch']);
    }),
  );
});
