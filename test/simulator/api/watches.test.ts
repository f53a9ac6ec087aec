/**
 * Watches of the simulated API server: start, events, bookmarks and end.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type Frame, PODS_OF_NODE, type Reader, until, withApi } from './client.ts';

const ACCOUNTS = '/api/v1/serviceaccounts';
const BOOKMARKS = 'allowWatchBookmarks=true';

async function take(reader: Reader, count: number): Promise<readonly string[]> {
  const frames: (Frame | undefined)[] = [];
  for (let index = 0; index < count; index += 1) frames.push(await reader.next());
  return frames.map((frame) => `${frame?.type} ${frame?.object.metadata.name}`);
}

/** The error of a real API server. */
function expired(requested: number, oldest: number): object {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: `too old resource version: ${requested} (${oldest})`,
    reason: 'Expired',
    code: 410,
  };
}

describe('watches of the simulated API server', () => {
  for (const from of ['', '&resourceVersion=', '&resourceVersion=0']) {
    it(
      `start with all current objects if they are opened with ${from === '' ? 'no revision' : from.slice(1)}`,
      withApi(async ({ watch, addPod }) => {
        addPod({ name: 'a' });
        addPod({ name: 'b' });
        addPod({ name: 'far', nodeName: 'node-2' });
        const reader = await watch(`${PODS_OF_NODE}${from}`);
        addPod({ name: 'c' });
        assert.deepEqual(await take(reader, 3), ['ADDED a', 'ADDED b', 'ADDED c']);
      }),
    );
  }

  it(
    'continue after the revision of a list without gaps or duplicates',
    withApi(async ({ cluster, list, watch, addPod }) => {
      const pod = addPod({ name: 'a' });
      const { metadata } = await list(PODS_OF_NODE);
      cluster.setPod(pod);
      addPod({ name: 'b' });
      const reader = await watch(`${PODS_OF_NODE}&resourceVersion=${metadata.resourceVersion}`);
      cluster.deletePod('default', 'a');
      assert.deepEqual(await take(reader, 3), ['MODIFIED a', 'ADDED b', 'DELETED a']);
    }),
  );

  it(
    'send an object with its kind and the revision of the change',
    withApi(async ({ cluster, watch }) => {
      const reader = await watch(ACCOUNTS);
      const { metadata } = cluster.createServiceAccount('default', 'app');
      assert.deepEqual(await reader.next(), {
        type: 'ADDED',
        object: { kind: 'ServiceAccount', apiVersion: 'v1', metadata },
      });
      cluster.deleteServiceAccount('default', 'app');
      const deleted = await reader.next();
      assert.equal(deleted?.object.metadata.uid, metadata.uid);
      assert.equal(Number(deleted?.object.metadata.resourceVersion), Number(metadata.resourceVersion) + 1);
    }),
  );

  it(
    'send a recreated service account as DELETED and ADDED',
    withApi(async ({ cluster, watch }) => {
      const { metadata } = cluster.createServiceAccount('default', 'app');
      const reader = await watch(`${ACCOUNTS}?resourceVersion=${metadata.resourceVersion}`);
      cluster.deleteServiceAccount('default', 'app');
      cluster.createServiceAccount('default', 'app');
      const frames = [await reader.next(), await reader.next()];
      assert.deepEqual(
        frames.map((frame) => [frame?.type, frame?.object.metadata.uid === metadata.uid]),
        [
          ['DELETED', true],
          ['ADDED', false],
        ],
      );
    }),
  );

  it(
    'send an object that starts to match as ADDED and one that stops matching as DELETED',
    withApi(async ({ cluster, watch, addPod }) => {
      const pod = addPod({ name: 'a' });
      const reader = await watch(
        `/api/v1/pods?fieldSelector=status.phase%3DFailed&resourceVersion=${pod.metadata.resourceVersion}`,
      );
      for (const phase of ['Failed', 'Failed', 'Succeeded', 'Succeeded', 'Failed'])
        cluster.setPod({ ...pod, status: { phase } });
      assert.deepEqual(await take(reader, 4), ['ADDED a', 'MODIFIED a', 'DELETED a', 'ADDED a']);
    }),
  );

  it(
    'send a bookmark every minute if they requested bookmarks',
    withApi(async ({ cluster, clock, watch }) => {
      const [reader, other] = [await watch(`${PODS_OF_NODE}&${BOOKMARKS}`), await watch(PODS_OF_NODE)];
      cluster.createServiceAccount('default', 'somewhere-else');
      clock.advance(60);
      assert.deepEqual(await reader.next(), {
        type: 'BOOKMARK',
        object: {
          kind: 'Pod',
          apiVersion: 'v1',
          metadata: { resourceVersion: String(cluster.revision()) },
          spec: { containers: null },
          status: {},
        },
      });
      clock.advance(60);
      assert.equal((await reader.next())?.type, 'BOOKMARK');
      clock.advance(3_600);
      assert.equal(await other.next(), undefined);
    }),
  );

  it(
    'send a bookmark when the test triggers it',
    withApi(async ({ api, watch }) => {
      const reader = await watch(`${ACCOUNTS}?${BOOKMARKS}`);
      api.bookmark();
      assert.deepEqual(await reader.next(), {
        type: 'BOOKMARK',
        object: { kind: 'ServiceAccount', apiVersion: 'v1', metadata: { resourceVersion: '1' } },
      });
    }),
  );

  it(
    'end at the requested timeout, after a last bookmark',
    withApi(async ({ api, clock, watch }) => {
      const reader = await watch(`${ACCOUNTS}?timeoutSeconds=45&${BOOKMARKS}`);
      clock.advance(44);
      assert.equal(api.openWatches(), 1);
      clock.advance(1);
      assert.deepEqual(await take(reader, 1), ['BOOKMARK undefined']);
      assert.equal(await reader.next(), undefined);
    }),
  );

  it(
    'end within an hour if they requested no timeout',
    withApi(async ({ clock, watch }) => {
      const reader = await watch(ACCOUNTS);
      clock.advance(3_600);
      assert.equal(await reader.next(), undefined);
    }),
  );

  const expirations = [
    { it: 'the history was compacted', limit: 1_000, isCompacted: true, left: [] },
    { it: 'too many changes followed', limit: 2, isCompacted: false, left: ['ADDED c', 'ADDED d'] },
  ] as const;
  for (const { it: title, limit, isCompacted, left } of expirations) {
    it(
      `receive 410 Expired if ${title}, and continue from the oldest revision`,
      withApi(
        async ({ api, cluster, watch, addPod }) => {
          const requested = addPod({ name: 'a' }).metadata.resourceVersion;
          for (const name of ['b', 'c', 'd']) addPod({ name });
          if (isCompacted) api.compact();
          const oldest = cluster.revision() - left.length;
          const late = await watch(`${PODS_OF_NODE}&resourceVersion=${requested}`);
          assert.deepEqual(await late.next(), { type: 'ERROR', object: expired(Number(requested), oldest) });
          assert.equal(await late.next(), undefined);
          const reader = await watch(`${PODS_OF_NODE}&resourceVersion=${oldest}`);
          addPod({ name: 'e' });
          assert.deepEqual(await take(reader, left.length + 1), [...left, 'ADDED e']);
        },
        { historyLimit: limit },
      ),
    );
  }

  it(
    'keep the changes of each kind separately',
    withApi(
      async ({ cluster, watch, addPod }) => {
        const { resourceVersion } = cluster.createServiceAccount('default', 'a').metadata;
        for (const name of ['b', 'c', 'd']) addPod({ name });
        cluster.createServiceAccount('default', 'e');
        const reader = await watch(`${ACCOUNTS}?resourceVersion=${resourceVersion}`);
        assert.deepEqual(await take(reader, 2), ['ADDED default', 'ADDED e']);
      },
      { historyLimit: 3 },
    ),
  );

  it(
    'leave no listeners or timers behind when the client disconnects',
    withApi(async ({ api, clock, watch, addPod }) => {
      const readers = await Promise.all([watch(PODS_OF_NODE), watch(ACCOUNTS), watch(PODS_OF_NODE)]);
      assert.deepEqual([api.openWatches(), clock.pending()], [3, 6]);
      await Promise.all(readers.map((reader) => reader.cancel()));
      await until(() => api.openWatches() === 0);
      assert.equal(clock.pending(), 0);
      addPod({ name: 'a' });
    }),
  );
});
