/**
 * What stops the emulated kubelet from rotating tokens, and what does not.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { createForeignIssuer } from '../../simulator/foreign.ts';
import { plainFolders } from '../../simulator/kubelet/mounts.ts';
import type { Pod, PodEvent, Volume } from '../../simulator/objects.ts';
import { tokenVolume } from '../../simulator/pods.ts';
import { createWorld, type World } from '../../simulator/world.ts';

const NOW = 1_795_000_000;
const VAULT = tokenVolume('vault', { path: 'token', audience: 'vault', expirationSeconds: 600 });
/** The age at which a token of 600 s is due. */
const DUE = 481;

describe('the emulated kubelet', () => {
  let now: number;
  let rootDir: string;
  let world: World;

  beforeEach(() => {
    now = NOW;
    rootDir = mkdtempSync(join(tmpdir(), 'satoken-kubelet-'));
    world = createWorld({ rootDir, mounts: plainFolders, now: () => now });
  });
  afterEach(() => {
    world.kubelet.close();
    rmSync(rootDir, { recursive: true });
  });

  const run = (...volumes: readonly Volume[]): Pod =>
    world.run({ name: 'web', serviceAccount: 'app', isAutomounted: false, volumes: [VAULT, ...volumes] });
  const file = ({ metadata }: Pod, volume: string, path: string): string =>
    readFileSync(join(world.kubelet.volumeFolder(metadata.uid, volume), path), 'utf8');
  const syncAt = (age: number): void => {
    now = NOW + age;
    world.kubelet.sync();
  };
  const messages = (): readonly string[] =>
    (world.cluster.list('events') as readonly PodEvent[]).map(({ message }) => message);
  const isRotated = (pod: Pod, change: () => void): boolean => {
    const before = file(pod, 'vault', 'token');
    change();
    return file(pod, 'vault', 'token') !== before;
  };

  describe('with a PersistentVolumeClaim', () => {
    const DATA: Volume = { name: 'data', persistentVolumeClaim: { claimName: 'data-web' } };

    it('rotates the token', () => {
      const pod = run(DATA);
      assert.ok(isRotated(pod, () => syncAt(DUE)));
    });

    it('does not rotate the token and posts no event while the claim is missing', () => {
      const pod = run(DATA);
      world.cluster.deleteClaim('default', 'data-web');
      assert.ok(!isRotated(pod, () => syncAt(700)));
      assert.deepEqual(messages(), []);
      world.cluster.createClaim('default', 'data-web');
      assert.ok(isRotated(pod, () => syncAt(790)));
    });

    it('rotates the token and posts an event while the claim is being deleted', () => {
      const pod = run(DATA);
      const claim = world.cluster.createClaim('default', 'data-web');
      const deletionTimestamp = '2026-11-18T11:06:40Z';
      world.cluster.addClaim({ metadata: { ...claim.metadata, deletionTimestamp } });
      assert.ok(isRotated(pod, () => syncAt(DUE)));
      assert.match(
        messages().join('\n'),
        /volumes=\[data\]: error processing PVC default\/data-web: PVC is being/,
      );
    });
  });

  const objects = [
    ['ConfigMap', { configMap: { name: 'settings' } }, 'configmap "settings" not found'],
    ['Secret', { secret: { secretName: 'settings' } }, 'secret "settings" not found'],
  ] as const;
  for (const [kind, source, reason] of objects)
    it(`rotates the token and posts an event while a ${kind} of another volume is missing`, () => {
      const pod = run({ name: 'settings', ...source });
      assert.ok(isRotated(pod, () => syncAt(DUE)));
      assert.deepEqual(messages(), [`MountVolume.SetUp failed for volume "settings" : ${reason}`]);
    });

  describe('with the CA certificate in the volume of the token', () => {
    let pod: Pod;
    let volume: string;
    const age = 2_887;
    beforeEach(() => {
      pod = world.run({ name: 'api', serviceAccount: 'app' });
      volume = pod.spec.volumes?.[0]?.name ?? '';
    });
    const isVolumeWritten = (): boolean => {
      const before = file(pod, volume, 'token');
      syncAt(age);
      return file(pod, volume, 'token') !== before;
    };

    it('does not write the volume while the ConfigMap is missing', () => {
      world.cluster.deleteConfigMap('default', 'kube-root-ca.crt');
      assert.ok(!isVolumeWritten());
      const [message = ''] = messages();
      assert.match(
        message,
        /^MountVolume\.SetUp failed for volume "kube-api-access-\w{5}" : configmap "kube-root-ca\.crt" not found$/,
      );
    });

    it('does not write the volume while the ConfigMap is not registered', () => {
      world.kubelet.setRegistered(pod.metadata.uid, false);
      assert.ok(!isVolumeWritten());
      assert.match(messages().join('\n'), / : object "default"\/"kube-root-ca\.crt" not registered$/);
      world.kubelet.setRegistered(pod.metadata.uid, true);
      assert.ok(isVolumeWritten());
    });
  });

  it('does not set up a volume that no container mounts', () => {
    const options = { isAutomounted: false, volumes: [VAULT], containers: [{ name: 'main' }] };
    const { metadata } = world.run({ name: 'web', ...options });
    assert.deepEqual(readdirSync(join(rootDir, 'pods', metadata.uid, 'volumes')), []);
  });

  it('requests new tokens for all pods after a restart, terminating ones too', () => {
    const pods = ['a', 'b'].map((name) => world.run({ name, isAutomounted: false, volumes: [VAULT] }));
    world.kubelet.terminate(pods[0]?.metadata.uid ?? '');
    const before = pods.map((pod) => file(pod, 'vault', 'token'));
    world.kubelet.stop();
    now += 15;
    world.kubelet.start();
    for (const [index, pod] of pods.entries()) assert.notEqual(file(pod, 'vault', 'token'), before[index]);
  });

  it('syncs no pod while it is stopped, and keeps all that the node controller evicts', () => {
    const pod = run();
    world.kubelet.stop();
    assert.ok(!isRotated(pod, () => syncAt(700)));
    world.evictAll();
    const { metadata } = world.cluster.pod('default', 'web') ?? {};
    assert.equal(metadata?.deletionTimestamp, '2026-11-18T11:18:50Z');
    assert.ok(file(pod, 'vault', 'token'));
  });

  it('keeps the volumes of a force-deleted pod and does not rotate its token', () => {
    const pod = run();
    world.kubelet.forceDelete(pod.metadata.uid);
    assert.equal(world.cluster.pod('default', 'web'), undefined);
    assert.ok(!isRotated(pod, () => syncAt(700)));
  });

  for (const isEmpty of [true, false])
    it(`leaves ${isEmpty ? 'empty folders' : 'old files'} of an orphaned pod`, () => {
      const pod = run();
      const folder = world.kubelet.volumeFolder(pod.metadata.uid, 'vault');
      world.kubelet.orphan(pod.metadata.uid, isEmpty);
      assert.equal(readdirSync(folder).length === 0, isEmpty);
      assert.equal(world.cluster.pod('default', 'web'), undefined);
    });

  it('terminates the pods of a deleted namespace, whose objects are gone at once', () => {
    world.run({ name: 'web', namespace: 'gone', serviceAccount: 'app' });
    run();
    world.deleteNamespace('gone');
    assert.ok(world.cluster.pod('gone', 'web')?.metadata.deletionTimestamp);
    assert.equal(world.cluster.serviceAccount('gone', 'app'), undefined);
    assert.equal(world.cluster.configMap('gone', 'kube-root-ca.crt'), undefined);
    assert.ok(world.cluster.serviceAccount('default', 'app'));
    assert.equal(world.cluster.pod('default', 'web')?.metadata.deletionTimestamp, undefined);
  });

  it('refuses a token for a pod that the API server no longer knows', () => {
    const pod = run();
    const projection = { path: 'token', expirationSeconds: 600 };
    const request = () => world.cluster.requestToken(pod, projection, { name: 'node-1', uid: 'u' });
    world.cluster.setPod({ ...pod, metadata: { ...pod.metadata, uid: 'another' } });
    assert.match(
      JSON.stringify(request()),
      /does not match the UID in record\. The object might have been deleted/,
    );
    world.cluster.deletePod('default', 'web');
    assert.deepEqual(request(), { ok: false, error: 'pods "web" not found' });
  });

  it('posts an event in the words of the node authorizer if a restart requests a token that it refuses', () => {
    run();
    world.cluster.denyNode('default', 'app');
    world.kubelet.start();
    assert.match(
      messages().join('\n'),
      /: failed to fetch token: serviceaccounts "app" is forbidden: User "system:node:node-1" cannot create resource "serviceaccounts\/token" in API group "" in the namespace "default": no relationship found between node 'node-1' and this object$/,
    );
  });

  it('writes tokens of other issuers from annotations and Secrets', () => {
    const issuer = createForeignIssuer({ now: () => now });
    const token = issuer.virtualPodToken('tenant', { name: 'web', uid: 'virtual' }, 'app');
    world.cluster.addSecret({
      metadata: { name: 'copied', namespace: 'default', uid: 'a-uid' },
      type: 'Opaque',
      data: { 'service-token': token },
    });
    const key = 'vcluster.example/token-xyz';
    const fieldRef = { fieldPath: `metadata.annotations['${key}']` };
    const pod = world.run({
      name: 'virtual',
      isAutomounted: false,
      annotations: { [key]: token },
      volumes: [
        { name: 'a', projected: { sources: [{ downwardAPI: { items: [{ path: 'token', fieldRef }] } }] } },
        {
          name: 'b',
          projected: {
            sources: [{ secret: { name: 'copied', items: [{ key: 'service-token', path: 'token' }] } }],
          },
        },
      ],
    });
    assert.deepEqual([file(pod, 'a', 'token'), file(pod, 'b', 'token')], [token, token]);
  });
});
