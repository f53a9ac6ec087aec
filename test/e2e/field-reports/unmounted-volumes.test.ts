/**
 * Volumes of a pod that the kubelet does not set up.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { tokenVolume } from '../../../simulator/pods.ts';
import { problemsOf, START, withExporter } from '../support/reported.ts';

const VAULT = tokenVolume('vault-token', { path: 'vault-token', audience: 'vault', expirationSeconds: 600 });
/** Longer than the exporter waits before it reports a missing token. */
const LATER = START + 180;

describe('a pod with a token volume that no container mounts', () => {
  it(
    'misses no token',
    withExporter(async ({ world, stepTo }) => {
      world.run({ name: 'web', volumes: [VAULT], containers: [{ name: 'main' }] }, 300);
      await stepTo(START);
      assert.deepEqual(problemsOf(await stepTo(LATER)), []);
    }),
  );
});
