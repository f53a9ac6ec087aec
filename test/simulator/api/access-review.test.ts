/**
 * The SubjectAccessReview endpoint of the simulated API server.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Binding, BoundSubject } from '../../../simulator/api/authorization.ts';
import { type TestApi, until, withApi } from './client.ts';

const REVIEWS = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
const SCRAPER = 'system:serviceaccount:monitoring:prometheus';
const ACCOUNT: BoundSubject = { kind: 'ServiceAccount', namespace: 'monitoring', name: 'prometheus' };
const GET_METRICS = { path: '/metrics', verb: 'get' };

function binding(overrides: Partial<Binding> = {}): Binding {
  return {
    name: 'scrapers',
    role: 'metrics-reader',
    subject: ACCOUNT,
    verbs: ['get'],
    nonResourceURLs: ['/metrics'],
    ...overrides,
  };
}

interface Reviewed {
  readonly spec: unknown;
  readonly status: unknown;
}

async function review({ fetch }: TestApi, spec: object) {
  const response = await fetch(REVIEWS, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec }),
  });
  return { code: response.status, body: (await response.json()) as Reviewed };
}

describe('the SubjectAccessReview endpoint of the simulated API server', () => {
  it(
    'returns the spec, the verdict and the reason',
    withApi(async (t) => {
      t.api.rbac.bind(binding());
      const spec = {
        nonResourceAttributes: GET_METRICS,
        user: SCRAPER,
        groups: ['system:authenticated'],
        extra: { 'authentication.kubernetes.io/pod-name': ['prometheus-0'] },
        uid: 'a-uid',
      };
      assert.deepEqual(await review(t, spec), {
        code: 201,
        body: {
          kind: 'SubjectAccessReview',
          apiVersion: 'authorization.k8s.io/v1',
          metadata: {},
          spec,
          status: {
            allowed: true,
            reason:
              'RBAC: allowed by ClusterRoleBinding "scrapers" of ClusterRole "metrics-reader" to ServiceAccount "prometheus/monitoring"',
          },
        },
      });
    }),
  );

  const reasonFor = (subject: string): string =>
    `RBAC: allowed by ClusterRoleBinding "scrapers" of ClusterRole "metrics-reader" to ${subject}`;
  const subjects = [
    [{ kind: 'User', name: SCRAPER }, reasonFor(`User "${SCRAPER}"`)],
    [{ kind: 'Group', name: 'scrapers' }, reasonFor('Group "scrapers"')],
    [{ kind: 'User', name: 'another' }, undefined],
    [{ kind: 'Group', name: 'others' }, undefined],
    [{ ...ACCOUNT, namespace: 'default' }, undefined],
    [{ ...ACCOUNT, name: 'default' }, undefined],
  ] as const;
  for (const [subject, reason] of subjects)
    it(
      `${reason === undefined ? 'denies a request without a reason' : 'allows a request'} if ${JSON.stringify(subject)} is bound`,
      withApi(async (t) => {
        t.api.rbac.bind(binding({ subject }));
        const { body } = await review(t, {
          nonResourceAttributes: GET_METRICS,
          user: SCRAPER,
          groups: ['a', 'scrapers'],
        });
        assert.deepEqual(body.status, reason === undefined ? { allowed: false } : { allowed: true, reason });
      }),
    );

  const rules = [
    { verbs: ['get'], urls: ['/metrics'], request: 'get /metrics', allowed: true },
    { verbs: ['get'], urls: ['/healthz', '/metrics'], request: 'get /metrics', allowed: true },
    { verbs: ['get'], urls: ['/metrics'], request: 'get /metrics/slis', allowed: false },
    { verbs: ['get'], urls: ['/metrics'], request: 'head /metrics', allowed: false },
    { verbs: ['*'], urls: ['/metrics'], request: 'head /metrics', allowed: true },
    { verbs: ['get'], urls: ['/metrics/*'], request: 'get /metrics/slis', allowed: true },
    { verbs: ['get'], urls: ['/metrics/*'], request: 'get /metrics', allowed: false },
    { verbs: ['get'], urls: ['/met*'], request: 'get /metrics', allowed: true },
    { verbs: ['get'], urls: ['*'], request: 'get /anything', allowed: true },
    { verbs: ['get'], urls: [], request: 'get /metrics', allowed: false },
  ] as const;
  for (const { verbs, urls, request, allowed } of rules)
    it(
      `${allowed ? 'allows' : 'denies'} ${request} if the role allows ${verbs} of ${urls.join() || 'no path'}`,
      withApi(async (t) => {
        t.api.rbac.bind(binding({ verbs, nonResourceURLs: urls }));
        const [verb, path] = request.split(' ');
        const { body } = await review(t, { user: SCRAPER, nonResourceAttributes: { path, verb } });
        assert.equal((body.status as { allowed: boolean }).allowed, allowed);
      }),
    );

  it(
    'denies requests for objects, and requests for paths after the binding is removed',
    withApi(async (t) => {
      const unbind = t.api.rbac.bind(binding({ nonResourceURLs: ['*'] }));
      const object = { user: SCRAPER, resourceAttributes: { verb: 'get', resource: 'pods' } };
      assert.deepEqual((await review(t, object)).body.status, { allowed: false });
      unbind();
      const path = { user: SCRAPER, nonResourceAttributes: GET_METRICS };
      assert.deepEqual((await review(t, path)).body.status, { allowed: false });
    }),
  );

  const ONE = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
  const SUBJECT = 'at least one of user or group must be specified';
  const invalid = [
    {
      it: 'an empty spec',
      spec: {},
      message: `[spec: Invalid value: null: ${ONE}, spec.user: Invalid value: "": ${SUBJECT}]`,
      fields: ['spec', 'spec.user'],
    },
    {
      it: 'a path and an object',
      spec: { user: 'a', nonResourceAttributes: GET_METRICS, resourceAttributes: { verb: 'get' } },
      message: `spec: Invalid value: {"path":"/metrics","verb":"get"}: ${ONE}`,
      fields: ['spec'],
    },
    {
      it: 'neither a path nor an object',
      spec: { user: 'a' },
      message: `spec: Invalid value: null: ${ONE}`,
      fields: ['spec'],
    },
    {
      it: 'neither a user nor a group',
      spec: { user: '', groups: [], nonResourceAttributes: GET_METRICS },
      message: `spec.user: Invalid value: "": ${SUBJECT}`,
      fields: ['spec.user'],
    },
  ] as const;
  for (const { it: title, spec, message, fields } of invalid)
    it(
      `rejects a review with ${title}`,
      withApi(async (t) => {
        const { code, body } = await review(t, spec);
        const status = body as unknown as Readonly<Record<string, unknown>>;
        const { causes } = status['details'] as { readonly causes: readonly { readonly field: string }[] };
        assert.deepEqual(
          [code, status['kind'], status['reason'], status['message'], causes.map(({ field }) => field)],
          [422, 'Status', 'Invalid', `.authorization.k8s.io "" is invalid: ${message}`, fields],
        );
      }),
    );

  it(
    'accepts a group without a user',
    withApi(async (t) => {
      t.api.rbac.bind(binding({ subject: { kind: 'Group', name: 'g' } }));
      const { body } = await review(t, { groups: ['g'], nonResourceAttributes: GET_METRICS });
      assert.equal((body.status as { allowed: boolean }).allowed, true);
    }),
  );

  it(
    'accepts only POST and is listed in API discovery',
    withApi(async ({ fetch }) => {
      assert.equal((await fetch(REVIEWS)).status, 405);
      const groups = (await (await fetch('/apis')).json()) as { groups: readonly { name: string }[] };
      assert.deepEqual(
        groups.groups.map(({ name }) => name),
        ['authentication.k8s.io', 'authorization.k8s.io'],
      );
      const resources = await (await fetch('/apis/authorization.k8s.io/v1')).json();
      assert.deepEqual(resources, {
        kind: 'APIResourceList',
        apiVersion: 'v1',
        groupVersion: 'authorization.k8s.io/v1',
        resources: [
          {
            name: 'subjectaccessreviews',
            singularName: 'subjectaccessreview',
            namespaced: false,
            kind: 'SubjectAccessReview',
            verbs: ['create'],
          },
        ],
      });
    }),
  );

  it(
    'fails with an injected fault while other endpoints work',
    withApi(async (t) => {
      t.api.chaos.inject({ kind: 'status', code: 500 }, { resource: 'subjectaccessreviews' });
      assert.equal((await review(t, {})).code, 500);
      assert.equal((await t.fetch('/version')).status, 200);
      t.api.chaos.heal();
      t.api.chaos.inject({ kind: 'slow' }, { resource: 'subjectaccessreviews', verb: 'create' });
      const slow = review(t, {});
      await until(() => t.api.requests().length === 3);
      t.api.chaos.heal();
      assert.equal((await slow).code, 422);
    }),
  );
});
