/**
 * Which configuration the reviews of bearer tokens use, and which of their requests are counted.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type AccessReviewClientOptions, connectAccessReviewer } from '../../src/app/access-review-client.ts';
import { TOKEN, withApi } from '../simulator/api/client.ts';
import { createClock } from '../sources/api-server/fakes.ts';
import { createLoopback } from '../sources/api-server/loopback.ts';

function wiring(overrides: Partial<AccessReviewClientOptions> = {}): AccessReviewClientOptions {
  return {
    config: { kubeconfig: undefined },
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
        const joined = await connectAccessReviewer(wiring({ ...configure(file), onRequest }));
        assert.ok(joined.ok);
        const access = await joined.value.review('a.b.c', { verb: 'get', path: '/metrics' });
        assert.deepEqual([access, counted], [{ outcome: 'unauthenticated' }, ['tokenreviews 201']]);
        joined.value.close();
        loopback.close();
      }),
    );

  it('returns an error if no API server is configured', async () => {
    assert.deepEqual(await connectAccessReviewer(wiring()), {
      ok: false,
      error: 'cannot load the in-cluster configuration: the server address is not a URL',
    });
  });

  it('returns an error if nothing identifies the API server', async () => {
    const loopback = createLoopback();
    const kubeconfig = loopback.configure({ server: 'http://192.0.2.1' });
    assert.deepEqual(await connectAccessReviewer(wiring({ config: { kubeconfig } })), {
      ok: false,
      error:
        'the identity of the API server is not verified, so no token can be sent to it; configure its certificate authority',
    });
    loopback.close();
  });

  it('returns an error without file content if the kubeconfig does not exist', async () => {
    const joined = await connectAccessReviewer(wiring({ config: { kubeconfig: '/nowhere' } }));
    assert.deepEqual(joined, {
      ok: false,
      error:
        'cannot load kubeconfig /nowhere: no such file or directory; check --cluster.kubeconfig or KUBECONFIG',
    });
  });

  it(
    'aborts a pending review when it is closed',
    withApi(async ({ api, url }) => {
      api.chaos.inject({ kind: 'freeze' });
      const loopback = createLoopback();
      const file = loopback.configure({ server: url, user: { token: TOKEN } });
      const joined = await connectAccessReviewer(wiring({ config: { kubeconfig: file } }));
      assert.ok(joined.ok);
      const review = joined.value.review('a.b.c', { verb: 'get', path: '/metrics' });
      joined.value.close();
      assert.deepEqual(await review, {
        outcome: 'failed',
        resource: 'tokenreviews',
        failure: 'timeout',
      });
      loopback.close();
    }),
  );
});
