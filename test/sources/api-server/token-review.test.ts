/**
 * TokenReviews: what is sent, and how the result is interpreted.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { REJECT_REASONS } from '../../../src/core/cluster-facts.ts';
import type { Token } from '../../../src/core/token/token.ts';
import type { Api } from '../../../src/sources/api-server/client/api.ts';
import { type ApiResult, failed } from '../../../src/sources/api-server/client/failures.ts';
import {
  createTokenReviewer,
  parseRejectReason,
  reviewAudiences,
} from '../../../src/sources/api-server/token-review.ts';
import { ok } from '../../../src/util/result.ts';
import { podFacts, projection } from '../../support/cluster.ts';
import { jwt, legacyToken, token } from '../../support/tokens.ts';
import { createCallbacks, createClock, createFakeApi } from './fakes.ts';

const NEVER = new AbortController().signal;
const RAW = jwt();

describe('parseRejectReason', () => {
  const cases = [
    [
      'audience',
      '[invalid bearer token, token audiences ["vault"] is invalid for the target audiences ["https://kubernetes.default.svc.cluster.local"]]',
    ],
    [
      'audience',
      '[invalid bearer token, token audiences ["service account token has expired"] is invalid for the target audiences ["a"]]',
    ],
    ['expired', '[invalid bearer token, service account token has expired]'],
    ['not_yet_valid', '[invalid bearer token, service account token is not valid yet]'],
    ['account_deleted', '[invalid bearer token, serviceaccounts "doomed" not found]'],
    ['account_deleted', '[invalid bearer token, service account ns/name has been deleted]'],
    ['not_yet_valid', '[invalid bearer token, service account token is issued in the future]'],
    ['account_recreated', '[invalid bearer token, ServiceAccount UID (X) does not match claim (Y)]'],
    ['invalidated', "[invalid bearer token, Token does not match server's copy]"],
    ['account_recreated', '[invalid bearer token, service account UID (X) does not match claim (Y)]'],
    ['invalidated', '[invalid bearer token, service account token has been invalidated]'],
    ['invalidated', '[invalid bearer token, Token has been invalidated]'],
    ['invalidated', '[invalid bearer token, pod UID (X) does not match service account pod ref claim (Y)]'],
    [
      'invalidated',
      '[invalid bearer token, secret UID (X) does not match service account secret ref claim (Y)]',
    ],
    ['invalidated', '[invalid bearer token, node UID (X) does not match service account node ref claim (Y)]'],
    ['account_deleted', '[invalid bearer token, ServiceAccount ns/name has been deleted]'],
    [
      'marked_invalid',
      "[invalid bearer token, the token in secret ns/default-token-abcde for service account ns/default has been marked invalid. Use tokens from the TokenRequest API or manually created secret-based tokens, or remove the 'kubernetes.io/legacy-token-invalid-since' label from the secret to temporarily allow use of this token]",
    ],
    ['signature', '[invalid bearer token, go-jose/go-jose: error in cryptographic primitive]'],
    ['signature', '[invalid bearer token, square/go-jose: error in cryptographic primitive]'],
    ['unknown_key', '[invalid bearer token, invalid signature, no keys found]'],
    ['other', 'invalid bearer token'],
    ['other', ''],
    ['expired', '[service account token has expired, Post "https://webhook": context deadline exceeded]'],
    [undefined, '[invalid bearer token, etcdserver: request timed out]'],
    [
      undefined,
      '[invalid bearer token, Post "https://webhook": dial tcp 192.0.2.1:443: connect: connection refused]',
    ],
    [undefined, '[invalid bearer token, context deadline exceeded]'],
  ] as const;
  for (const [reason, message] of cases)
    it(`returns ${reason} for "${message}"`, () => assert.equal(parseRejectReason(message), reason));

  it('is tested for every reason', () => {
    const covered = new Set<unknown>(cases.map(([reason]) => reason));
    assert.deepEqual(
      REJECT_REASONS.filter((reason) => !covered.has(reason)),
      [],
    );
  });
});

describe('reviewAudiences', () => {
  const [volume, path] = ['v', 'token'];
  const own = token({ identity: { volume, path }, claims: { audiences: ['vault', 'more'] } });
  const inDefaultVolume = token({ identity: { volume: 'kube-api-access-abcde', path } });
  const pod = (audience: string | undefined, at = path) =>
    podFacts({ projections: [projection({ volume, path: at, audience })] });
  const cases = [
    ["the token's audiences", 'the pod requests an audience', own, pod('vault'), ['vault', 'more']],
    ['no audiences', 'the pod requests none', own, pod(undefined), []],
    ["the token's audiences", 'the pod is unknown', own, undefined, ['vault', 'more']],
    [
      "the token's audiences",
      'the pod does not request the token',
      own,
      pod(undefined, 'other'),
      ['vault', 'more'],
    ],
    ['no audiences', 'the volume is the default one and the pod is unknown', inDefaultVolume, undefined, []],
    ['no audiences', 'the token has none', legacyToken(), undefined, []],
  ] as const;
  for (const [what, why, subject, facts, expected] of cases)
    it(`returns ${what} if ${why}`, () => assert.deepEqual(reviewAudiences(subject, facts), expected));
});

/** Reviews a token whose file holds `raw`; null if the file is gone. Returns the result and what was sent. */
async function review(result: ApiResult<unknown>, raw: string | null = RAW, subject: Token = token()) {
  const bodies: Buffer[] = [];
  const fake = createFakeApi(createClock(), { request: () => result });
  const api: Api = {
    ...fake,
    request: (request) => {
      bodies.push(request.body ?? assert.fail('no body'));
      return fake.request(request);
    },
  };
  const readRaw = <T>(_token: Token, use: (bytes: Buffer) => T): T | undefined =>
    raw === null ? undefined : use(Buffer.from(raw));
  const callbacks = createCallbacks();
  const reviewToken = createTokenReviewer({ api, readRaw, podOf: () => undefined, callbacks });
  const reviewed = await reviewToken(subject, NEVER);
  return { reviewed, dropped: callbacks.dropped, requests: fake.requests, bodies };
}

function withStatus(status: object): ApiResult<unknown> {
  return ok({ kind: 'TokenReview', status });
}

describe('a token review', () => {
  it('contains the token and its audiences', async () => {
    const { requests } = await review(withStatus({ authenticated: true }));
    const [{ resource, path, body } = assert.fail('no request')] = requests;
    assert.deepEqual([resource, path], ['tokenreviews', '/apis/authentication.k8s.io/v1/tokenreviews']);
    assert.deepEqual(JSON.parse(body ?? ''), {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { audiences: ['vault'], token: RAW },
    });
  });

  it('escapes the audiences', async () => {
    const audiences = ['"}}', '"token":"', 'ä"\\'];
    const { requests } = await review(withStatus({}), RAW, token({ claims: { audiences } }));
    assert.deepEqual(JSON.parse(requests[0]?.body ?? '').spec, { audiences, token: RAW });
  });

  it('wipes its body after the request', async () => {
    const { bodies } = await review(withStatus({ authenticated: true }));
    assert.deepEqual(
      bodies.map((body) => body.every((byte) => byte === 0)),
      [true],
    );
  });

  it('omits a line break at the end of the file', async () => {
    const { requests } = await review(withStatus({}), `${RAW}\n`);
    assert.equal(JSON.parse(requests[0]?.body ?? '').spec.token, RAW);
  });

  for (const [title, raw] of [
    ['holds no token', 'a"b'],
    ['is empty', ''],
    ['is gone', null],
  ] as const)
    it(`is not sent if the file ${title}`, async () => {
      const { reviewed, requests } = await review(withStatus({}), raw);
      assert.deepEqual([reviewed, requests], [ok(undefined), []]);
    });

  const results = [
    [
      'is accepted',
      'authenticated is true',
      { authenticated: true, user: {} },
      { isAccepted: true, isForApiServer: false },
    ],
    [
      'is accepted',
      'authenticated is true in spite of an error',
      { authenticated: true, error: 'x' },
      { isAccepted: true, isForApiServer: false },
    ],
    [
      'is rejected with the reason of the error',
      'authenticated is absent',
      { error: '[service account token has expired]' },
      { isAccepted: false, reason: 'expired' },
    ],
    ['is rejected', 'the status is empty', {}, { isAccepted: false, reason: 'other' }],
    [
      'is rejected',
      'authenticated is false',
      { authenticated: false, error: 'no' },
      { isAccepted: false, reason: 'other' },
    ],
    [
      'has no result',
      'the API server could not decide',
      { error: '[invalid bearer token, context deadline exceeded]' },
      undefined,
    ],
  ] as const;
  for (const [what, why, status, expected] of results)
    it(`${what} if ${why}`, async () => {
      const { reviewed } = await review(withStatus(status));
      assert.deepEqual(reviewed, ok(expected));
    });

  const malformed: readonly (readonly [string, unknown])[] = [
    ['null', null],
    ['a response without a status', { kind: 'TokenReview' }],
    ['a status that is a string', { status: 'Success' }],
  ];
  for (const [title, value] of malformed)
    it(`fails with bad_answer for ${title}`, async () =>
      assert.deepEqual((await review(ok(value))).reviewed, failed('bad_answer')));

  for (const status of [{ authenticated: 'true' }, { authenticated: false, error: {} }])
    it(`has no result, and reports a dropped object, for the status ${JSON.stringify(status)}`, async () => {
      const { reviewed, dropped } = await review(withStatus(status));
      assert.deepEqual([reviewed, dropped], [ok(undefined), ['malformed ']]);
    });

  it('fails and wipes its body if the request fails', async () => {
    const { reviewed, bodies } = await review(failed('forbidden'));
    assert.deepEqual(reviewed, failed('forbidden'));
    assert.ok(bodies[0]?.every((byte) => byte === 0));
  });

  it('has a result or fails with bad_answer, for any JSON', () =>
    fc.assert(
      fc.asyncProperty(fc.oneof(fc.jsonValue(), fc.record({ status: fc.jsonValue() })), async (value) => {
        const { reviewed } = await review(ok(value));
        assert.ok(reviewed.ok || reviewed.error.failure === 'bad_answer');
      }),
    ));

  it('is for the API server if it was sent without audiences', async () => {
    const inDefaultVolume = token({ identity: { volume: 'kube-api-access-abcde' } });
    const { reviewed } = await review(withStatus({ authenticated: true }), RAW, inDefaultVolume);
    assert.deepEqual(reviewed, ok({ isAccepted: true, isForApiServer: true }));
  });
});
