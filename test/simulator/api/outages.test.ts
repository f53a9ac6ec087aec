/**
 * Outages of the simulated API server, and its request log.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { PODS_OF_NODE, withApi } from './client.ts';

describe('open watches of the simulated API server', () => {
  it(
    'fail when their connections are dropped',
    withApi(async (t) => {
      const reader = await t.watch(PODS_OF_NODE);
      t.api.chaos.dropWatches();
      await assert.rejects(reader.next(), TypeError);
      assert.deepEqual([t.api.openWatches(), t.clock.pending()], [0, 0]);
    }),
  );

  it(
    'end when the server ends them',
    withApi(async (t) => {
      const reader = await t.watch(PODS_OF_NODE);
      t.api.chaos.endWatches();
      assert.equal(await reader.next(), undefined);
      assert.deepEqual([t.api.openWatches(), t.clock.pending()], [0, 0]);
    }),
  );

  it(
    'receive 410 Expired and end when the server expires them',
    withApi(async (t) => {
      const reader = await t.watch(PODS_OF_NODE);
      t.api.chaos.expireWatches();
      const frame = await reader.next();
      assert.deepEqual([frame?.type, frame?.object.code, frame?.object.reason], ['ERROR', 410, 'Expired']);
      assert.equal(await reader.next(), undefined);
    }),
  );
});

describe('a simulated API server that goes down', () => {
  it(
    'refuses connections and later listens on the same port',
    withApi(async (t) => {
      const reader = await t.watch(PODS_OF_NODE);
      await t.api.chaos.down();
      await assert.rejects(reader.next(), TypeError);
      await assert.rejects(t.fetch('/version'), (error: TypeError) => {
        assert.equal((error.cause as { code: string }).code, 'ECONNREFUSED');
        return true;
      });
      await t.api.chaos.up();
      assert.equal((await t.fetch('/version')).status, 200);
    }),
  );

  it(
    'loses its watch cache and keeps its objects',
    withApi(async (t) => {
      const { resourceVersion } = t.addPod({ name: 'a' }).metadata;
      t.addPod({ name: 'b' });
      await t.api.chaos.down();
      t.addPod({ name: 'c' });
      await t.api.chaos.up();
      const late = await t.watch(`${PODS_OF_NODE}&resourceVersion=${resourceVersion}`);
      assert.equal((await late.next())?.object.code, 410);
      const { metadata, items } = await t.list(PODS_OF_NODE);
      assert.equal(items.length, 3);
      const reader = await t.watch(`${PODS_OF_NODE}&resourceVersion=${metadata.resourceVersion}`);
      t.addPod({ name: 'd' });
      assert.equal((await reader.next())?.object.metadata.name, 'd');
    }),
  );

  it(
    'can be taken down twice and closed while down',
    withApi(async (t) => {
      await t.api.chaos.down();
      await t.api.chaos.down();
    }),
  );

  it('leaves no watches or timers behind after 100 outages', async () => {
    await withApi(async (t) => {
      for (let round = 0; round < 100; round += 1) {
        await t.watch(PODS_OF_NODE);
        await t.api.chaos.down();
        assert.deepEqual([t.api.openWatches(), t.clock.pending()], [0, 0]);
        await t.api.chaos.up();
      }
      t.addPod({ name: 'web' });
      assert.equal((await t.list(PODS_OF_NODE)).items.length, 1);
    })();
  });
});

describe('the request log of the simulated API server', () => {
  it(
    'contains requests and times, without credentials or bodies',
    withApi(async (t) => {
      await t.fetch('/api/v1/pods?watch=true&resourceVersion=0');
      t.clock.advance(5);
      await t.fetch('/apis/authentication.k8s.io/v1/tokenreviews', { method: 'POST', body: '{}' });
      const [watch, review] = t.api.requests();
      assert.deepEqual(watch, {
        method: 'GET',
        resource: 'pods',
        verb: 'watch',
        path: '/api/v1/pods?watch=true&resourceVersion=0',
        at: 1_795_000_000,
      });
      assert.deepEqual(review, {
        method: 'POST',
        resource: 'tokenreviews',
        verb: 'create',
        path: '/apis/authentication.k8s.io/v1/tokenreviews',
        at: 1_795_000_005,
      });
    }),
  );

  it('calls the listener for each request', async () => {
    const paths: string[] = [];
    await withApi(async (t) => void (await t.fetch('/version')), {
      onRequest: ({ path }) => paths.push(path),
    })();
    assert.deepEqual(paths, ['/version']);
  });
});
