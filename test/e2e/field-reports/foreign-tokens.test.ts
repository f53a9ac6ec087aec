/**
 * Tokens that this cluster did not issue: nothing is reported about them, and the API server never sees them.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as foreign from '../../../simulator/demo/foreign-scenarios.ts';
import { problemsOf, START, withExporter } from '../support/reported.ts';

const { vclusterPod, k3kPod, otherClusterToken, otherClusterLegacyToken, serviceToken, exchangedToken } =
  foreign;
const SCENARIOS = {
  'of a virtual pod of vcluster': vclusterPod,
  'of a virtual pod of k3k': k3kPod,
  'of another cluster in a Secret': otherClusterToken,
  'of the legacy kind, of another cluster, in a Secret': otherClusterLegacyToken,
  'of another service in a Secret': serviceToken,
  'of another service in a Secret, for a service account': exchangedToken,
} as const;

for (const [title, scenario] of Object.entries(SCENARIOS))
  describe(`a token ${title}`, () => {
    for (const args of [[], ['--cluster.token-review=all'], ['--cluster.token-review=off']])
      it(
        `is no problem and is not sent to the API server with ${args.join(' ') || 'the default options'}`,
        withExporter(
          async ({ world, stepTo, api }) => {
            scenario(world, 'tenant-app');
            await stepTo(START);
            const snapshot = await stepTo(START + 7_200);
            assert.deepEqual(
              problemsOf(snapshot).filter((problem) => !problem.endsWith(': expired')),
              [],
            );
            assert.deepEqual(
              snapshot.observation.unreadable.filter(({ reason }) => reason === 'invalid_claim'),
              [],
            );
            assert.ok(api.reviews().every(({ isForeign }) => !isForeign));
          },
          { args, hasOwnPod: true },
        ),
      );
  });
