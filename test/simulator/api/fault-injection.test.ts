/**
 * Fault injection in the simulated API server: which requests fail, how often, and until when.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { PODS_OF_NODE, until, withApi } from './client.ts';

describe('fault injection', () => {
  it(
    'delays responses until the fault ends if no time is given',
    withApi(async (t) => {
      t.api.chaos.inject({ kind: 'slow' });
      const list = t.list(PODS_OF_NODE);
      await until(() => t.api.requests().length === 1);
      assert.equal(t.clock.pending(), 0);
      t.api.chaos.heal();
      assert.equal((await list).kind, 'PodList');
    }),
  );

  it(
    'keeps no watch or timer for a client that disconnects before a delayed response',
    withApi(async (t) => {
      const heal = t.api.chaos.inject({ kind: 'slow' }, { resource: 'pods' });
      const client = new AbortController();
      const response = t.fetch(`${PODS_OF_NODE}&watch=1`, { signal: client.signal });
      await until(() => t.api.requests().length === 1);
      client.abort();
      await assert.rejects(response, { name: 'AbortError' });
      // By the time of this response, the server has noticed the end of the other connection.
      await (await t.fetch('/version')).text();
      heal();
      await (await t.fetch('/version')).text();
      assert.deepEqual([t.api.openWatches(), t.clock.pending()], [0, 0]);
    }),
  );

  const targets = [
    { it: 'one resource', target: { resource: 'serviceaccounts' }, hit: ['/api/v1/serviceaccounts'] },
    { it: 'one verb', target: { verb: 'list' }, hit: ['/api/v1/pods', '/api/v1/serviceaccounts'] },
    {
      it: 'one resource and one verb',
      target: { resource: 'pods', verb: 'get' },
      hit: ['/api/v1/namespaces/default/pods/web'],
    },
    { it: 'the first two requests', target: { times: 2 }, hit: ['/api/v1/pods', '/api/v1/serviceaccounts'] },
  ] as const;
  const PATHS = [
    '/api/v1/pods',
    '/api/v1/serviceaccounts',
    '/api/v1/namespaces/default/pods/web',
    '/version',
  ];
  for (const { it: title, target, hit } of targets) {
    it(
      `can be limited to ${title}`,
      withApi(async (t) => {
        t.addPod({ name: 'web' });
        t.api.chaos.inject({ kind: 'status', code: 500 }, target);
        const failed: string[] = [];
        for (const path of PATHS) if ((await t.fetch(path)).status === 500) failed.push(path);
        assert.deepEqual(failed, hit);
      }),
    );
  }

  it(
    'applies the latest of several faults, and the previous one after it ends',
    withApi(async (t) => {
      t.api.chaos.inject({ kind: 'status', code: 500 });
      const heal = t.api.chaos.inject({ kind: 'status', code: 401 });
      assert.equal((await t.fetch('/version')).status, 401);
      heal();
      assert.equal((await t.fetch('/version')).status, 500);
    }),
  );

  it(
    'can serve any number of signing keys',
    withApi(async (t) => {
      t.api.chaos.inject({ kind: 'huge', objects: 3 }, { resource: 'jwks' });
      const { keys } = (await (await t.fetch('/openid/v1/jwks')).json()) as { keys: readonly object[] };
      assert.equal(keys.length, 3);
    }),
  );
});
