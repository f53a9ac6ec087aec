/**
 * Tokens that the simulated API server accepts, caching, and legacy tokens.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Cluster } from '../../../simulator/cluster.ts';
import { type TestApi, withApi } from './client.ts';
import { API, assertRejected, REVIEWS, recreateAccount, review, stage } from './reviews.ts';

describe('the TokenReview endpoint of the simulated API server', () => {
  const acceptances = [
    { it: 'when it is issued', after: 0 },
    { it: '60 s after its expiration', after: 660 },
    { it: '60 s before its start', after: -60 },
  ] as const;
  for (const { it: title, after } of acceptances) {
    it(
      `accepts a token ${title}`,
      withApi(async (t) => {
        const { token } = stage(t);
        t.clock.advance(after);
        assert.equal((await review(t, token)).status.authenticated, true);
      }),
    );
  }

  it(
    'returns the user of an accepted token',
    withApi(async (t) => {
      const { token, pod, cluster } = stage(t);
      const { jti } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
        jti: string;
      };
      const { code, status } = await review(t, token);
      assert.equal(code, 201);
      assert.deepEqual(status, {
        authenticated: true,
        user: {
          username: 'system:serviceaccount:default:app',
          uid: cluster.serviceAccount('default', 'app')?.metadata.uid,
          groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
          extra: {
            'authentication.kubernetes.io/credential-id': [`JTI=${jti}`],
            'authentication.kubernetes.io/node-name': ['node-1'],
            'authentication.kubernetes.io/node-uid': ['node-uid'],
            'authentication.kubernetes.io/pod-name': ['web'],
            'authentication.kubernetes.io/pod-uid': [pod.metadata.uid],
          },
        },
        audiences: [API],
      });
    }),
  );

  it(
    'accepts a token for one of the requested audiences and returns the common ones',
    withApi(async (t) => {
      const { token } = stage(t, { audience: 'vault' });
      const { status, spec } = await review(t, token, ['a', 'vault']);
      assert.deepEqual([status.authenticated, status.audiences], [true, ['vault']]);
      assert.deepEqual(spec, { token, audiences: ['a', 'vault'] });
      const rejected = await review(t, token, ['a', 'b']);
      assertRejected(rejected, 'token audiences ["vault"] is invalid for the target audiences ["a" "b"]');
    }),
  );

  it(
    'accepts a token with an old published key and of a terminating pod',
    withApi(async (t) => {
      const { token, pod, cluster, clock } = stage(t);
      cluster.changeKey(true);
      cluster.setPod({
        ...pod,
        metadata: { ...pod.metadata, deletionTimestamp: '2026-11-18T11:06:40Z' },
      });
      clock.advance(60);
      assert.equal((await review(t, token)).status.authenticated, true);
    }),
  );

  it(
    'caches an accepted token for 10 s',
    withApi(async (t) => {
      const { token, cluster, clock } = stage(t);
      await review(t, token);
      cluster.deletePod('default', 'web');
      clock.advance(9);
      assert.equal((await review(t, token)).status.authenticated, true);
      clock.advance(1);
      assertRejected(await review(t, token), 'service account token has been invalidated');
    }),
  );

  it(
    'does not cache a rejection',
    withApi(async (t) => {
      const { token, pod, cluster } = stage(t);
      cluster.deletePod('default', 'web');
      assertRejected(await review(t, token), 'service account token has been invalidated');
      cluster.setPod(pod);
      assert.equal((await review(t, token)).status.authenticated, true);
    }),
  );

  describe('with a legacy token', () => {
    const legacy = ({ cluster }: TestApi): string =>
      cluster.createLegacySecret('default', 'app-token', 'app').data['token'] ?? '';
    const cases = [
      {
        it: 'after its Secret is deleted',
        change: (cluster: Cluster) => cluster.deleteSecret('default', 'app-token'),
        message: 'Token has been invalidated',
      },
      {
        it: 'after its Secret is recreated',
        change: (cluster: Cluster) => {
          recreateAccount(cluster);
          cluster.createLegacySecret('default', 'app-token', 'app');
        },
        message: "Token does not match server's copy",
      },
      {
        it: 'after its service account is deleted',
        change: (cluster: Cluster) => cluster.deleteServiceAccount('default', 'app'),
        message: 'serviceaccounts "app" not found',
      },
      {
        it: 'after its service account is recreated',
        change: (cluster: Cluster) => recreateAccount(cluster),
        message: /^ServiceAccount UID \([0-9a-f-]{36}\) does not match claim \([0-9a-f-]{36}\)$/,
      },
    ] as const;
    for (const { it: title, change, message } of cases) {
      it(
        `rejects it ${title}`,
        withApi(async (t) => {
          const token = legacy(t);
          change(t.cluster);
          assertRejected(await review(t, token), message);
        }),
      );
    }

    it(
      'accepts it for the audience of the API server only',
      withApi(async (t) => {
        const token = legacy(t);
        const { status } = await review(t, token);
        assert.deepEqual(status, {
          authenticated: true,
          user: {
            username: 'system:serviceaccount:default:app',
            uid: t.cluster.serviceAccount('default', 'app')?.metadata.uid,
            groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
          },
          audiences: [API],
        });
        const message = `token audiences ["${API}"] is invalid for the target audiences ["vault"]`;
        assertRejected(await review(t, token, ['vault']), message);
      }),
    );
  });

  for (const body of ['', '{', '[]', '{}', '{"spec":{"token":""}}', '{"spec":{"token":7}}']) {
    it(
      `rejects the body ${body === '' ? '(empty)' : body}`,
      withApi(async ({ fetch }) => {
        const response = await fetch(REVIEWS, { method: 'POST', body });
        const { message } = (await response.json()) as { message: string };
        assert.deepEqual(
          [response.status, message],
          [400, 'token is required for TokenReview in authentication'],
        );
      }),
    );
  }
});
