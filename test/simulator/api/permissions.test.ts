/**
 * Authentication and permissions of the simulated API server.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { RequestedResource, Verb } from '../../../simulator/api/request.ts';
import { TOKEN, USER, withApi } from './client.ts';

const REVIEWS = '/apis/authentication.k8s.io/v1/tokenreviews';
const NODE = { name: 'node-1', uid: 'node-uid' };

interface Denial {
  readonly it: string;
  readonly denied: readonly [RequestedResource, Verb?];
  readonly path: string;
  readonly method?: string;
  readonly message: string;
  readonly details: object;
}

const cannot = (action: string): string => `User "${USER}" cannot ${action}`;

const DENIALS: readonly Denial[] = [
  {
    it: 'listing pods',
    denied: ['pods', 'list'],
    path: '/api/v1/pods',
    message: `pods is forbidden: ${cannot('list resource "pods" in API group "" at the cluster scope')}`,
    details: { kind: 'pods' },
  },
  {
    it: 'watching pods',
    denied: ['pods', 'watch'],
    path: '/api/v1/pods?watch=true',
    message: `pods is forbidden: ${cannot('watch resource "pods" in API group "" at the cluster scope')}`,
    details: { kind: 'pods' },
  },
  {
    it: 'all verbs on service accounts',
    denied: ['serviceaccounts'],
    path: '/api/v1/namespaces/shop/serviceaccounts/app',
    message: `serviceaccounts "app" is forbidden: ${cannot(
      'get resource "serviceaccounts" in API group "" in the namespace "shop"',
    )}`,
    details: { name: 'app', kind: 'serviceaccounts' },
  },
  {
    it: 'TokenReviews',
    denied: ['tokenreviews'],
    path: REVIEWS,
    method: 'POST',
    message: `tokenreviews.authentication.k8s.io is forbidden: ${cannot(
      'create resource "tokenreviews" in API group "authentication.k8s.io" at the cluster scope',
    )}`,
    details: { group: 'authentication.k8s.io', kind: 'tokenreviews' },
  },
  {
    it: 'SubjectAccessReviews',
    denied: ['subjectaccessreviews'],
    path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    method: 'POST',
    message: `subjectaccessreviews.authorization.k8s.io is forbidden: ${cannot(
      'create resource "subjectaccessreviews" in API group "authorization.k8s.io" at the cluster scope',
    )}`,
    details: { group: 'authorization.k8s.io', kind: 'subjectaccessreviews' },
  },
  {
    it: 'the signing keys',
    denied: ['jwks'],
    path: '/openid/v1/jwks',
    message: `forbidden: ${cannot('get path "/openid/v1/jwks"')}`,
    details: {},
  },
];

describe('permissions of the simulated API server', () => {
  for (const { it: title, denied, path, message, details, ...init } of DENIALS) {
    it(
      `deny ${title} with the message of a real API server until they allow it`,
      withApi(async ({ api, fetch }) => {
        api.permissions.deny(...denied);
        const response = await fetch(path, init);
        assert.deepEqual(
          [response.status, await response.json()],
          [
            403,
            {
              kind: 'Status',
              apiVersion: 'v1',
              metadata: {},
              status: 'Failure',
              message,
              reason: 'Forbidden',
              details,
              code: 403,
            },
          ],
        );
        api.permissions.allow(...denied);
        assert.notEqual((await fetch(path, init)).status, 403);
      }),
    );
  }

  it(
    'deny one verb and allow the others',
    withApi(async ({ api, fetch }) => {
      api.permissions.deny('pods', 'watch');
      assert.equal((await fetch('/api/v1/pods')).status, 200);
    }),
  );

  const unauthenticated = [
    { it: 'no credentials', headers: { Authorization: '' } },
    { it: 'an unknown token', headers: { Authorization: 'Bearer unknown' } },
    { it: 'basic authentication', headers: { Authorization: `Basic ${TOKEN}` } },
  ] as const;
  for (const { it: title, headers } of unauthenticated) {
    it(
      `are not checked for a request with ${title}, which gets 401`,
      withApi(async ({ fetch }) => {
        const response = await fetch('/api/v1/pods', { headers });
        assert.deepEqual(
          [response.status, await response.json()],
          [
            401,
            {
              kind: 'Status',
              apiVersion: 'v1',
              metadata: {},
              status: 'Failure',
              message: 'Unauthorized',
              reason: 'Unauthorized',
              code: 401,
            },
          ],
        );
      }),
    );
  }

  it(
    'apply to clients with a service account token of the cluster until it expires',
    withApi(async ({ api, cluster, clock, fetch, addPod }) => {
      const pod = addPod({ name: 'exporter', namespace: 'monitoring', serviceAccount: 'exporter' });
      const result = cluster.requestToken(pod, { path: 'token', expirationSeconds: 600 }, NODE);
      assert.ok(result.ok);
      const headers = { Authorization: `Bearer ${result.value.token}` };
      assert.equal((await fetch('/api/v1/pods', { headers })).status, 200);
      api.permissions.deny('pods');
      const { message } = (await (await fetch('/api/v1/pods', { headers })).json()) as { message: string };
      assert.match(message, /User "system:serviceaccount:monitoring:exporter" cannot/);
      clock.advance(661);
      assert.equal((await fetch('/version', { headers })).status, 401);
    }),
  );
});
