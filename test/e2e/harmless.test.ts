/**
 * What looks like a failure but is harmless, one at a time on a healthy node. Nothing is reported.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { PodOptions } from '../../simulator/pods.ts';
import { tokenVolume } from '../../simulator/pods.ts';
import type { World } from '../../simulator/world.ts';
import type { SteppedOptions } from '../support/stepped-exporter.ts';
import { problemsOf, START, withExporter } from './support/reported.ts';

const VAULT = tokenVolume('vault-token', {
  path: 'vault-token',
  audience: 'vault',
  expirationSeconds: 7_200,
});
const HOURS = 7_200;

function podWith(options: Partial<PodOptions> = {}): PodOptions {
  return { name: 'victim', isAutomounted: false, volumes: [VAULT], ...options };
}

interface Case {
  readonly it: string;
  readonly play: (world: World) => void;
  readonly options?: SteppedOptions;
}

const CASES: readonly Case[] = [
  {
    it: 'a cluster that does not extend default tokens',
    play: ({ run }) => void run({ name: 'victim' }, 2_000),
    options: { extendedSeconds: undefined },
  },
  {
    it: 'a cluster that caps the extension of default tokens',
    play: ({ run }) => void run({ name: 'victim' }, 2_000),
    options: { extendedSeconds: 86_400 },
  },
  {
    it: 'a ConfigMap that does not exist',
    play: ({ run }) =>
      void run(podWith({ volumes: [VAULT, { name: 'settings', configMap: { name: 'settings' } }] }), 300),
  },
  {
    it: 'a Secret that does not exist',
    play: ({ run }) =>
      void run(podWith({ volumes: [VAULT, { name: 'creds', secret: { secretName: 'creds' } }] }), 300),
  },
  {
    it: 'a claim that is being deleted',
    play: ({ run, cluster, kubelet }) => {
      const data = { name: 'data', persistentVolumeClaim: { claimName: 'data' } };
      const { uid } = run(podWith({ volumes: [VAULT, data] }), 300).metadata;
      const { metadata } = cluster.createClaim('default', 'data');
      cluster.addClaim({ metadata: { ...metadata, deletionTimestamp: '2026-11-18T11:06:40Z' } });
      kubelet.sync(uid);
    },
  },
  {
    it: 'a pod that terminates with hours of grace left and a token that lives longer',
    play: ({ run, kubelet }) => {
      const { uid } = run(podWith({ graceSeconds: HOURS / 2 }), 300).metadata;
      kubelet.terminate(uid);
    },
  },
  {
    it: 'a force-deleted pod that has not stopped yet',
    play: ({ run, kubelet }) => {
      const { uid } = run(podWith({ graceSeconds: HOURS }), 300).metadata;
      kubelet.forceDelete(uid);
    },
  },
  {
    it: 'a restart of the kubelet',
    play: ({ run, kubelet }) => {
      run(podWith(), 300);
      kubelet.stop();
      kubelet.start();
    },
  },
  {
    it: 'a deleted namespace whose pods still terminate',
    play: ({ run, deleteNamespace }) => {
      run(podWith({ namespace: 'gone' }), 300);
      deleteNamespace('gone');
    },
  },
];

describe('no failure on a healthy node', () => {
  for (const { it: title, play, options = {} } of CASES)
    it(
      `is ${title}`,
      withExporter(async ({ world, stepTo }) => {
        world.startSyncing(world.run({ name: 'bystander', serviceAccount: 'bystander' }));
        await stepTo(START);
        play(world);
        for (const age of [1, 30, 60]) assert.deepEqual(problemsOf(await stepTo(START + age)), []);
      }, options),
    );
});
