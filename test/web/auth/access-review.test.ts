/**
 * Reviews of bearer tokens by a simulated API server over HTTP, and by one that returns anything.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { Fault } from '../../../simulator/api/faults.ts';
import type { TokenProjection } from '../../../simulator/objects.ts';
import { type Api, createApi } from '../../../src/sources/api-server/client/api.ts';
import { type ApiResult, failed } from '../../../src/sources/api-server/client/failures.ts';
import {
  type AccessAttributes,
  type AccessReview,
  createAccessReviewer,
} from '../../../src/web/auth/access-review.ts';
import { type TestApi, TOKEN, until, withApi } from '../../simulator/api/client.ts';
import {
  createClock,
  createFakeApi,
  MINUTE,
  SECOND,
  type TestClock,
} from '../../sources/api-server/fakes.ts';
import { createLoopback } from '../../sources/api-server/loopback.ts';

const GET: AccessAttributes = { verb: 'get', path: '/metrics' };

function failure(resource: 'tokenreviews' | 'subjectaccessreviews', why: string) {
  return { outcome: 'failed', resource, failure: why };
}

interface Stage extends TestApi {
  readonly review: (token: string, attributes?: AccessAttributes) => Promise<AccessReview>;
  readonly close: () => void;
  /** The reviewer's clock. */
  readonly ownClock: TestClock;
  readonly failures: readonly string[];
  readonly codes: readonly unknown[];
  /** The number of requests by resource. */
  readonly requests: () => Readonly<Record<string, number>>;
  /** A token of the account that may get /metrics. */
  readonly token: (projection?: Partial<TokenProjection>, account?: string) => string;
}

function mint({ cluster, addPod }: TestApi, projection: Partial<TokenProjection>, account: string): string {
  const pod = addPod({ name: `${account}-0`, namespace: 'monitoring', serviceAccount: account });
  const wanted = { path: 'token', expirationSeconds: 600, ...projection };
  const result = cluster.requestToken(pod, wanted, { name: 'node-1', uid: 'u' });
  assert.ok(result.ok);
  return result.value.token;
}

/** Runs a test against a server that allows the account `prometheus` to get /metrics. */
function withReviewer(test: (t: Stage) => Promise<void>) {
  return withApi(async (t) => {
    const subject = { kind: 'ServiceAccount', namespace: 'monitoring', name: 'prometheus' } as const;
    const rule = { verbs: ['get'], nonResourceURLs: ['/metrics'] };
    t.api.rbac.bind({ name: 'b', role: 'r', subject, ...rule });
    const loopback = createLoopback();
    const ownClock = createClock();
    const failures: string[] = [];
    try {
      const kubeconfig = loopback.configure({ server: t.url, user: { token: TOKEN } });
      const { connection, codes } = await loopback.connect(kubeconfig);
      const { review, close } = createAccessReviewer({
        api: createApi(connection, ownClock),
        clock: ownClock,
        onFailure: (resource, why) => failures.push(`${resource} ${why}`),
      });
      const requests = (): Readonly<Record<string, number>> => {
        const of = (resource: string) => t.api.requests().filter((one) => one.resource === resource).length;
        return { tokenreviews: of('tokenreviews'), subjectaccessreviews: of('subjectaccessreviews') };
      };
      const token = (projection: Partial<TokenProjection> = {}, account = 'prometheus') =>
        mint(t, projection, account);
      const reviewGet = (raw: string, attributes = GET) => review(raw, attributes);
      await test({ ...t, review: reviewGet, close, ownClock, failures, codes, requests, token });
      assert.equal(ownClock.sleepers(), 0);
    } finally {
      loopback.close();
    }
  });
}

describe('the review of a bearer token', () => {
  it(
    'is allowed after two requests if RBAC allows the path',
    withReviewer(async (t) => {
      assert.deepEqual(await t.review(t.token()), { outcome: 'allowed' });
      assert.deepEqual(t.requests(), { tokenreviews: 1, subjectaccessreviews: 1 });
      assert.deepEqual([t.codes, t.failures], [[201, 201], []]);
    }),
  );

  const denials = [
    ['another path', { verb: 'get', path: '/metrics/slis' }, 'prometheus'],
    ['another verb', { verb: 'head', path: '/metrics' }, 'prometheus'],
    ['another account', GET, 'default'],
  ] as const;
  for (const [title, attributes, account] of denials)
    it(
      `is forbidden for ${title}`,
      withReviewer(async (t) => {
        assert.deepEqual(await t.review(t.token({}, account), attributes), { outcome: 'forbidden' });
      }),
    );

  const invalidTokens: readonly (readonly [string, (t: Stage) => string])[] = [
    ['of another cluster', () => 'sha256~of-another-cluster'],
    ['for another audience', (t) => t.token({ audience: 'vault' })],
    [
      'that has expired',
      (t) => {
        const token = t.token();
        t.clock.advance(661);
        return token;
      },
    ],
    [
      'of a deleted account',
      (t) => {
        const token = t.token();
        t.cluster.deleteServiceAccount('monitoring', 'prometheus');
        return token;
      },
    ],
    ['with a changed signature', (t) => t.token().replace(/[^.]*$/, 'AAAA')],
  ];
  for (const [title, make] of invalidTokens)
    it(
      `is unauthenticated after one request for a token ${title}`,
      withReviewer(async (t) => {
        assert.deepEqual(await t.review(make(t)), { outcome: 'unauthenticated' });
        assert.deepEqual(t.requests(), { tokenreviews: 1, subjectaccessreviews: 0 });
      }),
    );

  for (const raw of ['', 'a b', 'a"b', 'a\\b', 'ä', 'a=b', 'a\n', '\u0000'])
    it(
      `is unauthenticated without a request for ${JSON.stringify(raw)}`,
      withReviewer(async (t) => {
        assert.deepEqual(await t.review(raw), { outcome: 'unauthenticated' });
        assert.deepEqual(t.requests(), { tokenreviews: 0, subjectaccessreviews: 0 });
      }),
    );

  it(
    'requests a TokenReview each time, and a SubjectAccessReview four minutes after the last allowed one',
    withReviewer(async (t) => {
      const token = t.token();
      await t.review(token);
      await t.ownClock.advance(4 * MINUTE - 1);
      await t.review(token);
      assert.deepEqual(t.requests(), { tokenreviews: 2, subjectaccessreviews: 1 });
      await t.ownClock.advance(1);
      await t.review(token);
      assert.deepEqual(t.requests(), { tokenreviews: 3, subjectaccessreviews: 2 });
    }),
  );

  it(
    'does not reuse an allowed SubjectAccessReview for another path or account',
    withReviewer(async (t) => {
      const token = t.token();
      await t.review(token);
      assert.deepEqual(await t.review(token, { verb: 'get', path: '/' }), { outcome: 'forbidden' });
      assert.deepEqual(await t.review(t.token({}, 'other')), { outcome: 'forbidden' });
    }),
  );

  it(
    'does not cache a denial',
    withReviewer(async (t) => {
      const token = t.token({}, 'late');
      assert.deepEqual(await t.review(token), { outcome: 'forbidden' });
      assert.deepEqual(await t.review(token), { outcome: 'forbidden' });
      const subject = { kind: 'Group', name: 'system:serviceaccounts:monitoring' } as const;
      t.api.rbac.bind({ name: 'b', role: 'r', subject, verbs: ['*'], nonResourceURLs: ['/met*'] });
      assert.deepEqual(await t.review(token), { outcome: 'allowed' });
    }),
  );
});

describe('a review that fails', () => {
  const faults: readonly { readonly fault: Fault; readonly why: string }[] = [
    { fault: { kind: 'status', code: 401 }, why: 'unauthorized' },
    { fault: { kind: 'status', code: 403 }, why: 'forbidden' },
    { fault: { kind: 'status', code: 429 }, why: 'throttled' },
    { fault: { kind: 'status', code: 500 }, why: 'server_error' },
    { fault: { kind: 'reset' }, why: 'unreachable' },
    { fault: { kind: 'half' }, why: 'bad_answer' },
    { fault: { kind: 'wrong_kind' }, why: 'bad_answer' },
    { fault: { kind: 'huge', objects: 100_000 }, why: 'too_large' },
    { fault: { kind: 'endless' }, why: 'too_large' },
  ];
  for (const resource of ['tokenreviews', 'subjectaccessreviews'] as const)
    for (const { fault, why } of faults)
      it(
        `fails with ${why} if ${resource} return ${JSON.stringify(fault)}`,
        withReviewer(async (t) => {
          const token = t.token();
          t.api.chaos.inject(fault, { resource });
          assert.deepEqual(await t.review(token), failure(resource, why));
          assert.deepEqual(t.failures, [`${resource} ${why}`]);
          t.api.chaos.heal();
          assert.deepEqual(await t.review(token), { outcome: 'allowed' });
        }),
      );

  for (const resource of ['tokenreviews', 'subjectaccessreviews'] as const)
    it(
      `fails with forbidden if the exporter may not create ${resource}`,
      withReviewer(async (t) => {
        t.api.permissions.deny(resource);
        assert.deepEqual(await t.review(t.token()), failure(resource, 'forbidden'));
      }),
    );

  it(
    'fails with unreachable if the API server is down',
    withReviewer(async (t) => {
      await t.api.chaos.down();
      assert.deepEqual(await t.review(t.token()), failure('tokenreviews', 'unreachable'));
      await t.api.chaos.up();
    }),
  );

  for (const resource of ['tokenreviews', 'subjectaccessreviews'] as const)
    it(
      `fails with timeout after five seconds in all if ${resource} do not respond`,
      withReviewer(async (t) => {
        t.api.chaos.inject({ kind: 'freeze' }, { resource });
        const review = t.review(t.token());
        await until(() => t.requests()[resource] === 1);
        await t.ownClock.advance(5 * SECOND - 1);
        assert.equal(t.ownClock.sleepers() > 0, true);
        await t.ownClock.advance(1);
        assert.deepEqual(await review, failure(resource, 'timeout'));
      }),
    );

  it('fails with timeout after five seconds if a response stalls', async () => {
    const loopback = createLoopback();
    const clock = createClock();
    const begun = Promise.withResolvers<void>();
    try {
      const server = await loopback.serve((_request, response) => {
        response.writeHead(201).write('{"status":', () => begun.resolve());
      });
      const { connection } = await loopback.connect(loopback.configure({ server }));
      const api = createApi(connection, clock);
      const reviewed = createAccessReviewer({ api, clock, onFailure: () => undefined }).review('a', GET);
      await begun.promise;
      await clock.advance(5 * SECOND);
      assert.deepEqual(await reviewed, failure('tokenreviews', 'timeout'));
    } finally {
      loopback.close();
    }
  });

  it(
    'fails at once when the reviewer is closed',
    withReviewer(async (t) => {
      t.api.chaos.inject({ kind: 'freeze' });
      const review = t.review(t.token());
      await until(() => t.api.requests().length === 1);
      t.close();
      assert.deepEqual(await review, failure('tokenreviews', 'timeout'));
    }),
  );

  it(
    'is reported once per reason, and again after a success',
    withReviewer(async (t) => {
      const token = t.token();
      t.api.chaos.inject({ kind: 'status', code: 500 }, { resource: 'tokenreviews' });
      await t.review(token);
      await t.review(token);
      t.api.chaos.inject({ kind: 'status', code: 429 }, { resource: 'tokenreviews' });
      await t.review(token);
      t.api.chaos.heal();
      await t.review(token);
      t.api.chaos.inject({ kind: 'status', code: 429 }, { resource: 'tokenreviews' });
      await t.review(token);
      assert.deepEqual(t.failures, [
        'tokenreviews server_error',
        'tokenreviews throttled',
        'tokenreviews throttled',
      ]);
    }),
  );
});

const USER = {
  username: 'system:serviceaccount:monitoring:prometheus',
  uid: 'a-uid',
  groups: ['system:serviceaccounts', 'a "group"', ''],
  extra: JSON.parse(
    '{"authentication.kubernetes.io/pod-name":["web-0"],"empty":[],"__proto__":["a","b"]}',
  ) as object,
};

/** A reviewer whose API returns these statuses. */
function createWithStatus(tokenStatus: unknown, accessStatus: unknown = { allowed: true }) {
  const bodies: Buffer[] = [];
  const clock = createClock();
  const fake = createFakeApi(clock, {
    request: ({ resource }): ApiResult<unknown> => {
      const status = resource === 'tokenreviews' ? tokenStatus : accessStatus;
      return { ok: true, value: { status } };
    },
  });
  const api: Api = {
    ...fake,
    request: (request) => {
      bodies.push(request.body ?? assert.fail('no body'));
      return fake.request(request);
    },
  };
  const { review } = createAccessReviewer({ api, clock, onFailure: () => undefined });
  return { review: () => review('a.b.c', GET), requests: fake.requests, bodies };
}

describe('the requests of a review', () => {
  it('pass on the user as returned, and their bodies are overwritten afterwards', async () => {
    const { review, requests, bodies } = createWithStatus({ authenticated: true, user: USER });
    assert.deepEqual(await review(), { outcome: 'allowed' });
    const { username: user, ...rest } = USER;
    assert.deepEqual(
      requests.map(({ resource, path, body }) => [resource, path, JSON.parse(body ?? '')]),
      [
        [
          'tokenreviews',
          '/apis/authentication.k8s.io/v1/tokenreviews',
          {
            apiVersion: 'authentication.k8s.io/v1',
            kind: 'TokenReview',
            spec: { audiences: [], token: 'a.b.c' },
          },
        ],
        [
          'subjectaccessreviews',
          '/apis/authorization.k8s.io/v1/subjectaccessreviews',
          {
            apiVersion: 'authorization.k8s.io/v1',
            kind: 'SubjectAccessReview',
            spec: { nonResourceAttributes: { path: '/metrics', verb: 'get' }, user, ...rest },
          },
        ],
      ],
    );
    assert.ok(bodies.every((body) => body.every((byte) => byte === 0)));
  });

  it('leave out attributes that the user does not have', async () => {
    const user = { username: 'admin', uid: undefined, groups: null };
    const { review, requests } = createWithStatus({ authenticated: true, user });
    await review();
    assert.deepEqual(JSON.parse(requests[1]?.body ?? '').spec, {
      nonResourceAttributes: { path: '/metrics', verb: 'get' },
      user: 'admin',
    });
  });

  const tokenStatuses: readonly (readonly [string, unknown, object])[] = [
    ['accepted without a user', { authenticated: true }, failure('tokenreviews', 'bad_answer')],
    ['a user without a name', { authenticated: true, user: {} }, failure('tokenreviews', 'bad_answer')],
    [
      'a user with an empty name',
      { authenticated: true, user: { username: '' } },
      failure('tokenreviews', 'bad_answer'),
    ],
    [
      'a group that is a number',
      { authenticated: true, user: { ...USER, groups: [1] } },
      failure('tokenreviews', 'bad_answer'),
    ],
    [
      'groups that are a string',
      { authenticated: true, user: { ...USER, groups: 'system:masters' } },
      failure('tokenreviews', 'bad_answer'),
    ],
    [
      'extra values that are strings',
      { authenticated: true, user: { ...USER, extra: { a: 'b' } } },
      failure('tokenreviews', 'bad_answer'),
    ],
    [
      'groups beyond the size limit',
      { authenticated: true, user: { ...USER, groups: Array(10_000).fill('a'.repeat(30)) } },
      failure('subjectaccessreviews', 'too_large'),
    ],
    ['a string for a boolean', { authenticated: 'true', user: USER }, failure('tokenreviews', 'bad_answer')],
    ['no status', undefined, failure('tokenreviews', 'bad_answer')],
    [
      'a user that is not authenticated',
      { authenticated: false, user: USER },
      { outcome: 'unauthenticated' },
    ],
    ['a rejection without a message', {}, { outcome: 'unauthenticated' }],
    [
      'an error of the storage backend',
      { user: {}, error: '[invalid bearer token, etcdserver: request timed out]' },
      failure('tokenreviews', 'server_error'),
    ],
  ];
  for (const [title, status, expected] of tokenStatuses)
    it(`result in ${JSON.stringify(expected)} if the TokenReview returns ${title}`, async () =>
      assert.deepEqual(await createWithStatus(status).review(), expected));

  const accessStatuses: readonly (readonly [string, unknown, object])[] = [
    ['not allowed', { allowed: false, reason: 'no' }, { outcome: 'forbidden' }],
    ['denied', { allowed: false, denied: true }, { outcome: 'forbidden' }],
    ['allowed and denied', { allowed: true, denied: true }, { outcome: 'forbidden' }],
    [
      'not allowed, with an evaluation error',
      { allowed: false, evaluationError: 'x' },
      { outcome: 'forbidden' },
    ],
    ['allowed, with an evaluation error', { allowed: true, evaluationError: 'x' }, { outcome: 'allowed' }],
    ['a string for a boolean', { allowed: 'true' }, failure('subjectaccessreviews', 'bad_answer')],
    ['no result', {}, failure('subjectaccessreviews', 'bad_answer')],
    ['a list', [true], failure('subjectaccessreviews', 'bad_answer')],
  ];
  for (const [title, status, expected] of accessStatuses)
    it(`result in ${JSON.stringify(expected)} if the SubjectAccessReview returns ${title}`, async () =>
      assert.deepEqual(
        await createWithStatus({ authenticated: true, user: USER }, status).review(),
        expected,
      ));

  it('result in allowed only if both reviews say so, for any JSON', () =>
    fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.jsonValue(), fc.record({ authenticated: fc.jsonValue(), user: fc.jsonValue() })),
        fc.oneof(fc.jsonValue(), fc.record({ allowed: fc.jsonValue(), denied: fc.jsonValue() })),
        async (tokenStatus, accessStatus) => {
          const { outcome } = await createWithStatus(tokenStatus, accessStatus).review();
          assert.notEqual(outcome, 'allowed');
          const authenticated = createWithStatus({ authenticated: true, user: USER }, accessStatus);
          const isAllowed = (await authenticated.review()).outcome === 'allowed';
          const { allowed, denied } = Object(accessStatus) as { allowed?: unknown; denied?: unknown };
          assert.equal(
            isAllowed,
            allowed === true && (denied === false || denied === null || denied === undefined),
          );
        },
      ),
    ));

  it('are repeated for the oldest of more than a thousand allowed subjects', async () => {
    let user = 0;
    const clock = createClock();
    const api = createFakeApi(clock, {
      request: ({ resource }): ApiResult<unknown> => {
        if (resource === 'subjectaccessreviews') return { ok: true, value: { status: { allowed: true } } };
        return { ok: true, value: { status: { authenticated: true, user: { username: `user-${user}` } } } };
      },
    });
    const { review } = createAccessReviewer({ api, clock, onFailure: () => undefined });
    for (user = 0; user < 1_001; user += 1) await review('a', GET);
    const before = api.requests.length;
    user = 1;
    await review('a', GET);
    assert.equal(api.requests.length - before, 1);
    user = 0;
    await review('a', GET);
    assert.equal(api.requests.length - before, 3);
  });

  it('leave nothing of the token in the result or the reported failure', async () => {
    const api = createFakeApi(createClock(), { request: () => failed('unreachable') });
    const failures: unknown[] = [];
    const onFailure = (...failure: readonly unknown[]): void => void failures.push(failure);
    const { review } = createAccessReviewer({ api, clock: createClock(), onFailure });
    const result = await review('a-secret-token', GET);
    assert.doesNotMatch(JSON.stringify([result, failures]), /secret/);
  });
});
