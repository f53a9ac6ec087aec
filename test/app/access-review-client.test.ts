/**
 * Which configuration the reviews of bearer tokens use, and which of their requests are counted.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type AccessWiring, joinAccess } from '../../src/app/access-review-client.ts';
import { TOKEN, withApi } from '../simulator/api/client.ts';
import { createClock } from '../sources/api-server/fakes.ts';
import { createLoopback } from '../sources/api-server/loopback.ts';

function wiring(overrides: Partial<AccessWiring> = {}): AccessWiring {
  return {
    config: { kubeconfig: '' },
    environment: {},
    userAgent: 'test',
    clock: createClock(),
    onRequest: () => undefined,
    onFailure: () => undefined,
    ...overrides,
  };
}

describe('the client for access reviews', () => {
  const ways = [
    ['the option', (file: string) => ({ config: { kubeconfig: file } })],
    ['the environment', (file: string) => ({ environment: { KUBECONFIG: file } })],
    [
      'the option before the environment',
      (file: string) => ({ config: { kubeconfig: file }, environment: { KUBECONFIG: '/nowhere' } }),
    ],
  ] as const;
  for (const [title, configure] of ways)
    it(
      `uses ${title}, and its requests are counted`,
      withApi(async ({ url }) => {
        const loopback = createLoopback();
        const counted: string[] = [];
        const file = loopback.configure({ server: url, user: { token: TOKEN } });
        const onRequest = (resource: string, code: number | string): void =>
          void counted.push(`${resource} ${code}`);
        const joined = await joinAccess(wiring({ ...configure(file), onRequest }));
        assert.ok(joined.ok);
        const access = await joined.reviewer.review('a.b.c', { verb: 'get', path: '/metrics' });
        assert.deepEqual([access, counted], [{ outcome: 'unauthenticated' }, ['tokenreviews 201']]);
        joined.reviewer.close();
        loopback.close();
      }),
    );

  it('returns an error if no API server is configured', async () => {
    assert.deepEqual(await joinAccess(wiring()), {
      ok: false,
      problem: 'cannot load the in-cluster configuration: the server address is not a URL',
    });
  });

  it('returns an error without file content if the kubeconfig does not exist', async () => {
    const joined = await joinAccess(wiring({ config: { kubeconfig: '/nowhere' } }));
    assert.deepEqual(joined, {
      ok: false,
      problem: 'cannot load kubeconfig /nowhere: ENOENT',
    });
  });

  it(
    'aborts a pending review when it is closed',
    withApi(async ({ api, url }) => {
      api.chaos.inject({ kind: 'freeze' });
      const loopback = createLoopback();
      const file = loopback.configure({ server: url, user: { token: TOKEN } });
      const joined = await joinAccess(wiring({ config: { kubeconfig: file } }));
      assert.ok(joined.ok);
      const review = joined.reviewer.review('a.b.c', { verb: 'get', path: '/metrics' });
      joined.reviewer.close();
      assert.deepEqual(await review, {
        outcome: 'failed',
        resource: 'tokenreviews',
        failure: 'timeout',
      });
      loopback.close();
    }),
  );
});
