/**
 * Which requests a fault of the simulated API server hits, how often, and until when.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { PODS_OF_NODE, until, withApi } from './client.ts';

describe('a fault of the API server', () => {
  it(
    'is slow until it is healed where no time is given',
    withApi(async (t) => {
      t.api.chaos.inject({ kind: 'slow' });
      const answer = t.list(PODS_OF_NODE);
      await until(() => t.api.requests().length === 1);
      assert.equal(t.clock.pending(), 0);
      t.api.chaos.heal();
      assert.equal((await answer).kind, 'PodList');
    }),
  );

  it(
    'holds nothing for a client that has gone before a slow answer came',
    withApi(async (t) => {
      const heal = t.api.chaos.inject({ kind: 'slow' }, { resource: 'pods' });
      const impatience = new AbortController();
      const answer = t.fetch(`${PODS_OF_NODE}&watch=1`, { signal: impatience.signal });
      await until(() => t.api.requests().length === 1);
      impatience.abort();
      await assert.rejects(answer, { name: 'AbortError' });
      // The server has seen the one connection end by the time it has answered on another.
      await (await t.fetch('/version')).text();
      heal();
      await (await t.fetch('/version')).text();
      assert.deepEqual([t.api.openWatches(), t.clock.pending()], [0, 0]);
    }),
  );

  const targets = [
    { it: 'a resource', target: { resource: 'serviceaccounts' }, hit: ['/api/v1/serviceaccounts'] },
    { it: 'a verb', target: { verb: 'list' }, hit: ['/api/v1/pods', '/api/v1/serviceaccounts'] },
    { it: 'both', target: { resource: 'pods', verb: 'get' }, hit: ['/api/v1/namespaces/default/pods/web'] },
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
      `can be so for ${title} alone`,
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
    'shows the latest of several faults, and the one before once that is healed',
    withApi(async (t) => {
      t.api.chaos.inject({ kind: 'status', code: 500 });
      const heal = t.api.chaos.inject({ kind: 'status', code: 401 });
      assert.equal((await t.fetch('/version')).status, 401);
      heal();
      assert.equal((await t.fetch('/version')).status, 500);
    }),
  );

  it(
    'can lie about its keys as well',
    withApi(async (t) => {
      t.api.chaos.inject({ kind: 'huge', objects: 3 }, { resource: 'jwks' });
      const { keys } = (await (await t.fetch('/openid/v1/jwks')).json()) as { keys: readonly object[] };
      assert.equal(keys.length, 3);
    }),
  );
});
