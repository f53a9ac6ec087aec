/**
 * A kubeconfig with `tokenFile`, as kubelet and cloud tools write them.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { problemsOf, START, withExporter } from '../support/reported.ts';

describe('a kubeconfig with tokenFile', () => {
  it(
    'authenticates the exporter',
    withExporter(
      async ({ world, stepTo, cluster }) => {
        world.run({ name: 'web' });
        assert.deepEqual(problemsOf(await stepTo(START)), []);
        assert.equal(cluster.facts().pods?.size, 2);
      },
      { hasOwnPod: true },
    ),
  );
});
