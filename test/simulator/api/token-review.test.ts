/**
 * The tokens that the simulated API server accepts, for how long, and those out of Secrets.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Cluster } from '../../../simulator/cluster.ts';
import { type TestApi, withApi } from './client.ts';
import { API, assertRefused, createAgain, REVIEWS, review, stage } from './reviews.ts';

describe('TokenReviews of the simulated API server', () => {
  const acceptances = [
    { it: 'at the moment it is issued', after: 0 },
    { it: 'a minute past its end', after: 660 },
    { it: 'a minute ahead of time', after: -60 },
  ] as const;
  for (const { it: title, after } of acceptances) {
    it(
      `accept a token ${title}`,
      withApi(async (t) => {
        const { token } = stage(t);
        t.clock.advance(after);
        assert.equal((await review(t, token)).status.authenticated, true);
      }),
    );
  }

  it(
    'say whose an accepted token is',
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
    'accept a token for the audiences that are asked for, and name those in common',
    withApi(async (t) => {
      const { token } = stage(t, { audience: 'vault' });
      const { status, spec } = await review(t, token, ['a', 'vault']);
      assert.deepEqual([status.authenticated, status.audiences], [true, ['vault']]);
      assert.deepEqual(spec, { token, audiences: ['a', 'vault'] });
      const refused = await review(t, token, ['a', 'b']);
      assertRefused(refused, 'token audiences ["vault"] is invalid for the target audiences ["a" "b"]');
    }),
  );

  it(
    'accept a token of an old key while it is published, and of a pod that is going',
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
    'repeat a yes for ten seconds, whatever happens',
    withApi(async (t) => {
      const { token, cluster, clock } = stage(t);
      await review(t, token);
      cluster.deletePod('default', 'web');
      clock.advance(9);
      assert.equal((await review(t, token)).status.authenticated, true);
      clock.advance(1);
      assertRefused(await review(t, token), 'service account token has been invalidated');
    }),
  );

  it(
    'never repeat a no',
    withApi(async (t) => {
      const { token, pod, cluster } = stage(t);
      cluster.deletePod('default', 'web');
      assertRefused(await review(t, token), 'service account token has been invalidated');
      cluster.setPod(pod);
      assert.equal((await review(t, token)).status.authenticated, true);
    }),
  );

  describe('of a token out of a Secret', () => {
    const legacy = ({ cluster }: TestApi): string =>
      cluster.createLegacySecret('default', 'app-token', 'app').data['token'] ?? '';
    const cases = [
      {
        it: 'whose Secret is gone',
        change: (cluster: Cluster) => cluster.deleteSecret('default', 'app-token'),
        words: 'Token has been invalidated',
      },
      {
        it: 'whose Secret holds another by now',
        change: (cluster: Cluster) => {
          createAgain(cluster);
          cluster.createLegacySecret('default', 'app-token', 'app');
        },
        words: "Token does not match server's copy",
      },
      {
        it: 'whose account is gone',
        change: (cluster: Cluster) => cluster.deleteServiceAccount('default', 'app'),
        words: 'serviceaccounts "app" not found',
      },
      {
        it: 'whose account was created again',
        change: (cluster: Cluster) => createAgain(cluster),
        words: /^ServiceAccount UID \([0-9a-f-]{36}\) does not match claim \([0-9a-f-]{36}\)$/,
      },
    ] as const;
    for (const { it: title, change, words } of cases) {
      it(
        `refuse one ${title}`,
        withApi(async (t) => {
          const token = legacy(t);
          change(t.cluster);
          assertRefused(await review(t, token), words);
        }),
      );
    }

    it(
      'accept it for the API server, and for nobody else',
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
        const words = `token audiences ["${API}"] is invalid for the target audiences ["vault"]`;
        assertRefused(await review(t, token, ['vault']), words);
      }),
    );
  });

  for (const body of ['', '{', '[]', '{}', '{"spec":{"token":""}}', '{"spec":{"token":7}}']) {
    it(
      `refuse to judge ${body === '' ? 'nothing' : body}`,
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
