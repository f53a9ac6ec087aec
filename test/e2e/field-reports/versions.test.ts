/**
 * Kubernetes 1.27 to 1.37, which differ in the claims of tokens and in the messages of the API server.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as scenarios from '../../../simulator/demo/scenarios.ts';
import { runSelfChecks, SELF_CHECKS } from '../../../src/core/self-check.ts';
import { problemsOf, START, withExporter } from '../support/reported.ts';

const VERSIONS = ['v1.27.16', 'v1.29.14', 'v1.30.10', 'v1.32.9', 'v1.33.5', 'v1.36.3', 'v1.37.0'];

for (const version of VERSIONS)
  describe(`the exporter on ${version}`, () => {
    it(
      'recognizes its own token',
      withExporter(
        async ({ stepTo }) => {
          const { observation, self } = await stepTo(START);
          assert.deepEqual(
            runSelfChecks(observation, self),
            new Map(SELF_CHECKS.map((check) => [check, true])),
          );
        },
        { version, hasOwnPod: true },
      ),
    );

    it(
      'reports an altered signature',
      withExporter(
        async ({ world, stepTo }) => {
          await stepTo(START);
          scenarios.signatureAltered(world, 'forged');
          assert.deepEqual(problemsOf(await stepTo(START + 30)), ['forged: signature_invalid']);
        },
        { version },
      ),
    );
  });
