/**
 * Why a token is overdue, as a real kubelet behaves: what blocks a rotation, and what does not.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as scenarios from '../../../simulator/demo/scenarios.ts';
import type { Volume } from '../../../simulator/objects.ts';
import { tokenVolume } from '../../../simulator/pods.ts';
import type { World } from '../../../simulator/world.ts';
import { causesOf, problemsOf, START, withExporter } from '../support/reported.ts';

/** The age of a default token of 3607 s that should have been rotated long ago. */
const OLD = 5_000;
/** The age of a token of 600 s past its grace period. */
const OVERDUE = 590;
const VAULT = tokenVolume('vault-token', { path: 'vault-token', audience: 'vault', expirationSeconds: 600 });

/** Healthy pods, so that the node is not stalled. */
function runOthers({ run, startSyncing }: World): void {
  for (const name of ['other-1', 'other-2'])
    startSyncing(run({ name, isAutomounted: false, volumes: [VAULT] }));
}

/** Runs `web` since `age` seconds; then something fails, and the kubelet syncs the pod. */
function failing(age: number, volumes: readonly Volume[], fail: (world: World, podUid: string) => void) {
  return (world: World): void => {
    runOthers(world);
    const isAutomounted = volumes.length === 0;
    const { uid } = world.run({ name: 'web', serviceAccount: 'app', isAutomounted, volumes }, age).metadata;
    fail(world, uid);
    world.kubelet.sync(uid);
  };
}

const DATA: Volume = { name: 'data', persistentVolumeClaim: { claimName: 'data-web' } };

const CASES = [
  {
    it: 'a ConfigMap in the volume of the token that does not exist',
    play: failing(OLD, [], ({ cluster }) => cluster.deleteConfigMap('default', 'kube-root-ca.crt')),
    cause: 'own_volume_failed',
  },
  {
    it: 'a ConfigMap in the volume of the token that is not registered',
    play: failing(OLD, [], ({ kubelet }, uid) => kubelet.setRegistered(uid, false)),
    cause: 'own_volume_failed',
  },
  {
    it: 'a token request that the node authorizer refuses',
    play: failing(OLD, [], ({ cluster, kubelet }) => {
      cluster.denyNode('default', 'app');
      kubelet.start();
    }),
    cause: 'own_volume_failed',
  },
  {
    it: 'a PersistentVolumeClaim that does not exist',
    play: failing(OVERDUE, [VAULT, DATA], ({ cluster }) => cluster.deleteClaim('default', 'data-web')),
    cause: 'claim_missing',
  },
] as const;

describe('the cause of an overdue token', () => {
  for (const { it: title, play, cause } of CASES)
    it(
      `is ${title}`,
      withExporter(async ({ world, stepTo }) => {
        play(world);
        await stepTo(START);
        assert.deepEqual(causesOf(await stepTo(START + 10)), [`web: ${cause}`]);
      }),
    );

  const harmless = [
    {
      it: 'a ConfigMap of another volume that does not exist',
      volume: { name: 'settings', configMap: { name: 'settings' } },
    },
    {
      it: 'a Secret of another volume that does not exist',
      volume: { name: 'creds', secret: { secretName: 'creds' } },
    },
  ] as const;
  for (const { it: title, volume } of harmless)
    it(
      `is not ${title}`,
      withExporter(async ({ world, stepTo }) => {
        failing(0, [VAULT, volume], () => undefined)(world);
        assert.deepEqual(problemsOf(await stepTo(START)), []);
        // Something else stops the kubelet from syncing this pod.
        const snapshot = await stepTo(START + OVERDUE);
        assert.deepEqual(
          causesOf(snapshot).filter((cause) => cause.startsWith('web')),
          ['web: unknown'],
        );
      }),
    );

  it(
    'is the kubelet if the API server responds',
    withExporter(async ({ world, stepTo }) => {
      for (const name of ['a', 'b', 'c']) world.run(scenarios.vaultPod(name), OVERDUE);
      await stepTo(START);
      assert.deepEqual(
        causesOf(await stepTo(START + 5)),
        ['a', 'b', 'c'].map((name) => `${name}: kubelet_stalled`),
      );
    }),
  );

  it(
    'is still the kubelet after the node controller marked all pods for deletion',
    withExporter(async ({ world, stepTo }) => {
      for (const name of ['a', 'b', 'c']) world.run(scenarios.vaultPod(name), 250);
      await stepTo(START);
      world.kubelet.stop();
      await stepTo(START + 300);
      world.evictAll();
      const snapshot = await stepTo(START + 345);
      assert.deepEqual(
        causesOf(snapshot),
        ['a', 'b', 'c'].map((name) => `${name}: kubelet_stalled`),
      );
      assert.deepEqual(
        problemsOf(snapshot),
        ['a', 'b', 'c'].map((name) => `${name}: rotation_overdue`),
      );
    }),
  );
});
