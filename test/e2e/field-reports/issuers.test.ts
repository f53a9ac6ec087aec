/**
 * Issuers and keys that the API server accepts without publishing them.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as scenarios from '../../../simulator/demo/scenarios.ts';
import type { World } from '../../../simulator/world.ts';
import { problemsOf, START, withExporter } from '../support/reported.ts';

const NEW_ISSUER = 'https://new.example';
const PODS = 60;

/** Pods with a default token of the current issuer. */
function runPods({ run, startSyncing }: World): void {
  for (let index = 0; index < PODS; index += 1)
    startSyncing(run({ name: `pod-${index}`, serviceAccount: `account-${index % 7}` }, 60));
}

describe('a non-disruptive change of the issuer', () => {
  it(
    'is no problem within 30 s, and costs at most 5 reviews in 10 minutes',
    withExporter(
      async ({ world, api, stepTo, sleep }) => {
        runPods(world);
        world.cluster.changeIssuer(NEW_ISSUER, true);
        await stepTo(START);
        assert.deepEqual(problemsOf(await stepTo(START + 30)), []);
        for (let age = 60; age <= 600; age += 60) {
          await sleep(60);
          assert.deepEqual(problemsOf(await stepTo(START + age)), [], `after ${age} s`);
        }
        assert.ok(api.reviews().length <= 5, `${api.reviews().length} reviews`);
      },
      { hasOwnPod: true, speed: 200 },
    ),
  );

  it(
    'does not hide a forged token that names the former issuer and its key',
    withExporter(
      async ({ world, stepTo }) => {
        runPods(world);
        scenarios.signatureAltered(world, 'forged');
        world.cluster.changeIssuer(NEW_ISSUER, true);
        await stepTo(START);
        const problems = problemsOf(await stepTo(START + 30));
        assert.ok(problems.includes('forged: signature_invalid'), problems.join());
        assert.deepEqual(
          problems.filter((problem) => !problem.startsWith('forged: ')),
          [],
        );
      },
      { hasOwnPod: true },
    ),
  );

  it(
    'is reported for tokens of an issuer that is no longer accepted',
    withExporter(async ({ world, stepTo }) => {
      world.run({ name: 'old' }, 60);
      world.cluster.changeIssuer(NEW_ISSUER);
      await stepTo(START);
      assert.deepEqual(problemsOf(await stepTo(START + 30)), ['old: issuer_mismatch']);
    }),
  );
});

describe('a signing key that the API server does not publish', () => {
  it(
    'is no problem while its tokens are accepted',
    withExporter(async ({ world, api, stepTo }) => {
      world.run({ name: 'web' }, 60);
      const [key] = world.cluster.keys();
      world.cluster.changeKey(true);
      world.cluster.unpublishKey(key?.keyId ?? '');
      runPods(world);
      await stepTo(START);
      assert.deepEqual(problemsOf(await stepTo(START + 30)), []);
      assert.ok(api.reviews().length > 0);
    }),
  );
});

describe('an issuer that is no https URL', () => {
  it(
    'is not published, which is no problem of its tokens',
    withExporter(async ({ world, stepTo }) => {
      world.cluster.changeIssuer('api');
      world.run({ name: 'web' }, 60);
      await stepTo(START);
      assert.deepEqual(problemsOf(await stepTo(START + 30)), []);
    }),
  );
});
