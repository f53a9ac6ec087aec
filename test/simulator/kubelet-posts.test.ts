/**
 * What the emulated kubelet posts to the API server: pod status, deletion, and FailedMount events.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { type Cluster, createCluster } from '../../simulator/cluster.ts';
import { plainFolders } from '../../simulator/kubelet/mounts.ts';
import { createKubelet, type Kubelet } from '../../simulator/kubelet.ts';
import type { Pod, PodEvent } from '../../simulator/objects.ts';
import { createPod, tokenVolume } from '../../simulator/pods.ts';
import type { Change } from '../../simulator/stores.ts';
import { CAPTURES } from './api/client.ts';

const NOW = 1_795_000_000;
const NODE = { name: 'node-1', uid: 'node-uid' };
const VAULT = tokenVolume('vault', { path: 'token', audience: 'vault', expirationSeconds: 600 });

const { items: captured } = JSON.parse(readFileSync(new URL('api.json', CAPTURES), 'utf8')) as {
  items: readonly Pod[];
};

/** Conditions without times. */
function conditionsOf(pod: Pod | undefined): readonly string[] | undefined {
  return pod?.status?.conditions?.map(({ type, status, reason }) => `${type}=${status} ${reason}`);
}

function capturedPod(name: string): Pod | undefined {
  return captured.find(({ metadata }) => metadata.name === name);
}

describe('the emulated kubelet', () => {
  let now = NOW;
  let rootDir: string;
  let cluster: Cluster;
  let kubelet: Kubelet;
  let pod: Pod;
  let changes: Change[];

  const stored = (): Pod | undefined => cluster.pod('default', 'web');
  const events = (): readonly PodEvent[] => cluster.list('events') as readonly PodEvent[];
  const syncAt = (age: number): void => {
    now = NOW + age;
    kubelet.sync();
  };

  beforeEach(() => {
    now = NOW;
    rootDir = mkdtempSync(join(tmpdir(), 'satoken-posts-'));
    cluster = createCluster({ now: () => now });
    kubelet = createKubelet({ rootDir, cluster, node: NODE, mounts: plainFolders });
    pod = createPod(cluster, { name: 'web', serviceAccount: 'app', isAutomounted: false, volumes: [VAULT] });
    changes = [];
    cluster.onChange((change) => changes.push(change));
  });
  afterEach(() => {
    kubelet.close();
    rmSync(rootDir, { recursive: true });
  });

  it('posts a running pod with the conditions of a captured pod', () => {
    kubelet.run(pod);
    assert.equal(stored()?.status?.phase, 'Running');
    assert.deepEqual(conditionsOf(stored()), conditionsOf(capturedPod('a-default')));
  });

  it('posts a completed pod with the conditions of a captured pod', () => {
    kubelet.run(pod);
    kubelet.complete(pod.metadata.uid);
    assert.equal(stored()?.status?.phase, 'Succeeded');
    assert.deepEqual(conditionsOf(stored()), conditionsOf(capturedPod('k-completed')));
    syncAt(90);
    assert.deepEqual(events(), []);
  });

  const gracePeriods = [
    { it: '30 s by default', spec: {}, deletionTimestamp: '2026-11-18T11:07:10Z', seconds: 30 },
    {
      it: 'the seconds of its spec',
      spec: { terminationGracePeriodSeconds: 1 },
      deletionTimestamp: '2026-11-18T11:06:41Z',
      seconds: 1,
    },
  ] as const;
  for (const { it: title, spec, deletionTimestamp, seconds } of gracePeriods) {
    it(`posts a terminating pod with a grace period of ${title}`, () => {
      kubelet.run({ ...pod, spec: { ...pod.spec, ...spec } });
      kubelet.terminate(pod.metadata.uid);
      const metadata = stored()?.metadata;
      assert.deepEqual(
        [metadata?.deletionTimestamp, metadata?.deletionGracePeriodSeconds],
        [deletionTimestamp, seconds],
      );
    });
  }

  it('posts one change each for start, termination and removal', () => {
    kubelet.run(pod);
    kubelet.terminate(pod.metadata.uid);
    kubelet.remove(pod.metadata.uid);
    assert.deepEqual(
      changes.map(({ resource, type }) => `${resource} ${type}`),
      ['pods ADDED', 'pods MODIFIED', 'pods DELETED'],
    );
    assert.equal(stored(), undefined);
  });

  it('does not delete a new pod with the same name', () => {
    kubelet.run(pod);
    cluster.setPod({ ...pod, metadata: { ...pod.metadata, uid: 'another' } });
    kubelet.remove(pod.metadata.uid);
    assert.equal(stored()?.metadata.uid, 'another');
  });

  describe('with a token that the API server rejects', () => {
    beforeEach(() => {
      kubelet.run(pod);
      cluster.deleteServiceAccount('default', 'app');
    });

    it('posts no event while the old token is valid', () => {
      syncAt(599);
      assert.deepEqual(events(), []);
    });

    it('posts the event of a real kubelet once the old token has expired', () => {
      syncAt(600);
      const [event] = events();
      assert.deepEqual(
        { ...event, metadata: undefined, involvedObject: event?.involvedObject.uid },
        {
          metadata: undefined,
          involvedObject: pod.metadata.uid,
          reason: 'FailedMount',
          message:
            'MountVolume.SetUp failed for volume "vault" : failed to fetch token: serviceaccounts "app" not found',
          source: { component: 'kubelet', host: 'node-1' },
          firstTimestamp: '2026-11-18T11:16:40Z',
          lastTimestamp: '2026-11-18T11:16:40Z',
          count: 1,
          type: 'Warning',
          eventTime: null,
          reportingComponent: 'kubelet',
          reportingInstance: 'node-1',
        },
      );
    });

    it('increments the count of the event when the failure repeats', () => {
      syncAt(600);
      syncAt(690);
      const all = events();
      assert.equal(all.length, 1);
      assert.deepEqual(
        [all[0]?.count, all[0]?.firstTimestamp, all[0]?.lastTimestamp],
        [2, '2026-11-18T11:16:40Z', '2026-11-18T11:18:10Z'],
      );
    });

    it('loses the event one hour after its last occurrence', () => {
      syncAt(600);
      now = NOW + 600 + 3_599;
      assert.equal(events().length, 1);
      now += 1;
      assert.deepEqual(events(), []);
    });

    it('loses the event while the API server is unavailable', () => {
      cluster.setAvailable(false);
      syncAt(600);
      assert.deepEqual(events(), []);
    });
  });

  it('posts an event for a volume that blocks the others until it is unblocked', () => {
    kubelet.run(pod);
    kubelet.block(pod.metadata.uid, true);
    syncAt(90);
    kubelet.block(pod.metadata.uid, false);
    syncAt(180);
    assert.deepEqual(
      events().map(({ message, count }) => [message, count]),
      [
        [
          'Unable to attach or mount volumes: unmounted volumes=[data], unattached volumes=[], ' +
            'failed to process volumes=[data]: error processing PVC default/data: failed to fetch PVC ' +
            'from API server: persistentvolumeclaims "data" not found',
          1,
        ],
      ],
    );
  });

  it('posts the given cause of a blocked volume', () => {
    kubelet.run(pod);
    kubelet.block(pod.metadata.uid, true, 'timed out waiting for the condition');
    syncAt(90);
    assert.match(events()[0]?.message ?? '', /: timed out waiting for the condition$/);
  });
});
