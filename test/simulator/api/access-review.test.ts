/**
 * Who the simulated API server says may ask for which paths, and what it refuses to judge.
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
  return { code: response.status, answer: (await response.json()) as Reviewed };
}

describe('SubjectAccessReviews of the simulated API server', () => {
  it(
    'say what was asked, that it is allowed, and by what',
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
        answer: {
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

  const words = (subject: string): string =>
    `RBAC: allowed by ClusterRoleBinding "scrapers" of ClusterRole "metrics-reader" to ${subject}`;
  const subjects = [
    [{ kind: 'User', name: SCRAPER }, words(`User "${SCRAPER}"`)],
    [{ kind: 'Group', name: 'scrapers' }, words('Group "scrapers"')],
    [{ kind: 'User', name: 'another' }, undefined],
    [{ kind: 'Group', name: 'others' }, undefined],
    [{ ...ACCOUNT, namespace: 'default' }, undefined],
    [{ ...ACCOUNT, name: 'default' }, undefined],
  ] as const;
  for (const [subject, reason] of subjects)
    it(
      `say ${reason === undefined ? 'no without a reason' : 'yes'} where ${JSON.stringify(subject)} is allowed`,
      withApi(async (t) => {
        t.api.rbac.bind(binding({ subject }));
        const { answer } = await review(t, {
          nonResourceAttributes: GET_METRICS,
          user: SCRAPER,
          groups: ['a', 'scrapers'],
        });
        assert.deepEqual(
          answer.status,
          reason === undefined ? { allowed: false } : { allowed: true, reason },
        );
      }),
    );

  const rules = [
    { verbs: ['get'], urls: ['/metrics'], asked: 'get /metrics', allowed: true },
    { verbs: ['get'], urls: ['/healthz', '/metrics'], asked: 'get /metrics', allowed: true },
    { verbs: ['get'], urls: ['/metrics'], asked: 'get /metrics/slis', allowed: false },
    { verbs: ['get'], urls: ['/metrics'], asked: 'head /metrics', allowed: false },
    { verbs: ['*'], urls: ['/metrics'], asked: 'head /metrics', allowed: true },
    { verbs: ['get'], urls: ['/metrics/*'], asked: 'get /metrics/slis', allowed: true },
    { verbs: ['get'], urls: ['/metrics/*'], asked: 'get /metrics', allowed: false },
    { verbs: ['get'], urls: ['/met*'], asked: 'get /metrics', allowed: true },
    { verbs: ['get'], urls: ['*'], asked: 'get /anything', allowed: true },
    { verbs: ['get'], urls: [], asked: 'get /metrics', allowed: false },
  ] as const;
  for (const { verbs, urls, asked, allowed } of rules)
    it(
      `say ${allowed ? 'yes' : 'no'} to ${asked} where ${verbs} of ${urls.join() || 'nothing'} is allowed`,
      withApi(async (t) => {
        t.api.rbac.bind(binding({ verbs, nonResourceURLs: urls }));
        const [verb, path] = asked.split(' ');
        const { answer } = await review(t, { user: SCRAPER, nonResourceAttributes: { path, verb } });
        assert.equal((answer.status as { allowed: boolean }).allowed, allowed);
      }),
    );

  it(
    'say no once what allowed it is gone, and to anything with objects',
    withApi(async (t) => {
      const unbind = t.api.rbac.bind(binding({ nonResourceURLs: ['*'] }));
      const object = { user: SCRAPER, resourceAttributes: { verb: 'get', resource: 'pods' } };
      assert.deepEqual((await review(t, object)).answer.status, { allowed: false });
      unbind();
      const path = { user: SCRAPER, nonResourceAttributes: GET_METRICS };
      assert.deepEqual((await review(t, path)).answer.status, { allowed: false });
    }),
  );

  const ONE = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
  const SUBJECT = 'at least one of user or group must be specified';
  const wrong = [
    {
      it: 'nothing at all',
      spec: {},
      message: `[spec: Invalid value: null: ${ONE}, spec.user: Invalid value: "": ${SUBJECT}]`,
      fields: ['spec', 'spec.user'],
    },
    {
      it: 'a path and an object at once',
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
      it: 'nobody',
      spec: { user: '', groups: [], nonResourceAttributes: GET_METRICS },
      message: `spec.user: Invalid value: "": ${SUBJECT}`,
      fields: ['spec.user'],
    },
  ] as const;
  for (const { it: title, spec, message, fields } of wrong)
    it(
      `refuse to judge ${title}`,
      withApi(async (t) => {
        const { code, answer } = await review(t, spec);
        const status = answer as unknown as Readonly<Record<string, unknown>>;
        const { causes } = status['details'] as { readonly causes: readonly { readonly field: string }[] };
        assert.deepEqual(
          [code, status['kind'], status['reason'], status['message'], causes.map(({ field }) => field)],
          [422, 'Status', 'Invalid', `.authorization.k8s.io "" is invalid: ${message}`, fields],
        );
      }),
    );

  it(
    'judge a group without a user',
    withApi(async (t) => {
      t.api.rbac.bind(binding({ subject: { kind: 'Group', name: 'g' } }));
      const { answer } = await review(t, { groups: ['g'], nonResourceAttributes: GET_METRICS });
      assert.equal((answer.status as { allowed: boolean }).allowed, true);
    }),
  );

  it(
    'are posted, and found among the resources',
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
    'fail as asked, and nothing else does',
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
