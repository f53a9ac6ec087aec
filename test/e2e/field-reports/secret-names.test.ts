/**
 * Secret names that the API server accepts in pod specs although no Secret can have them.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Volume } from '../../../simulator/objects.ts';
import { createPod, tokenVolume } from '../../../simulator/pods.ts';
import { problemsOf, START, setPending, withExporter } from '../support/reported.ts';

const VAULT = tokenVolume('vault-token', { path: 'vault-token', audience: 'vault', expirationSeconds: 600 });

describe('a pod with a Secret whose name no Secret can have', () => {
  const names: readonly Volume[] = [
    ...['auth_secret', '$' + '{SECRET}', 'Upper.Case', ' '].map((secretName) => ({
      name: 'creds',
      secret: { secretName },
    })),
    { name: 'creds', projected: { sources: [{ secret: { name: 'A_b' } }] } },
  ];
  for (const volume of names)
    it(
      `does not hide the other pods: ${JSON.stringify(volume)}`,
      withExporter(async (exporter) => {
        const { world, stepTo } = exporter;
        const { metadata } = world.run({ name: 'web', isAutomounted: false, volumes: [VAULT] }, 300);
        await stepTo(START);
        setPending(
          exporter,
          createPod(world.cluster, { name: 'typo', namespace: 'sandbox', volumes: [volume] }),
        );
        world.kubelet.remove(metadata.uid);
        world.cluster.setPod(
          createPod(world.cluster, { name: 'lacks-its-token', isAutomounted: false, volumes: [VAULT] }),
        );
        // A pod that has just started is given time, and so is a token that is first found missing.
        for (const age of [30, 300]) await stepTo(START + age);
        assert.deepEqual(problemsOf(await stepTo(START + 600)), ['lacks-its-token: token_missing']);
      }),
    );
});
