/**
 * What the API server is asked about a token, and what its answer means.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { REJECT_REASONS } from '../../../src/core/cluster-facts.ts';
import type { Token } from '../../../src/core/token.ts';
import type { Answer, Api } from '../../../src/sources/api-server/api.ts';
import { failed } from '../../../src/sources/api-server/failures.ts';
import {
  audiencesToAsk,
  createReviewer,
  goodForMs,
  refusalOf,
} from '../../../src/sources/api-server/token-review.ts';
import { podFacts } from '../../support/cluster.ts';
import { jwt, legacyToken, token } from '../../support/tokens.ts';
import { createClock, createFakeApi, MINUTE } from './fakes.ts';

const NEVER = new AbortController().signal;
const RAW = jwt();

describe('the message of a refusal', () => {
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
  for (const [refusal, message] of cases)
    it(`means ${refusal ?? 'that nobody knows'}: ${message}`, () =>
      assert.equal(refusalOf(message), refusal));

  it('has a case for every refusal', () => {
    const covered = new Set<unknown>(cases.map(([refusal]) => refusal));
    assert.deepEqual(
      REJECT_REASONS.filter((reason) => !covered.has(reason)),
      [],
    );
  });
});

describe('the audiences a token is asked about for', () => {
  const [volume, path] = ['v', 'token'];
  const own = token({ identity: { volume, path }, claims: { audiences: ['vault', 'more'] } });
  const byDefault = token({ identity: { volume: 'kube-api-access-abcde', path } });
  const pod = (audience: string | undefined, at = path) =>
    podFacts({ projections: [{ volume, path: at, audience, expirationSeconds: 600 }] });
  const cases = [
    ['its own, where its pod asks for one', own, pod('vault'), ['vault', 'more']],
    ["the API server's, where its pod asks for none", own, pod(undefined), []],
    ['its own, where nothing is known of its pod', own, undefined, ['vault', 'more']],
    ['its own, where its pod asks for another token', own, pod(undefined, 'other'), ['vault', 'more']],
    [
      "the API server's, where it lies in the default volume and nothing is known of its pod",
      byDefault,
      undefined,
      [],
    ],
    ["the API server's, where it has none", legacyToken(), undefined, []],
  ] as const;
  for (const [title, one, facts, expected] of cases)
    it(`are ${title}`, () => assert.deepEqual(audiencesToAsk(one, facts), expected));
});

/** Asks about a token whose file holds `raw`, null where it is gone; answers the review and what was sent. */
async function review(answer: Answer<unknown>, raw: string | null = RAW, one: Token = token()) {
  const bodies: Buffer[] = [];
  const fake = createFakeApi(createClock(), { ask: () => answer });
  const api: Api = {
    ...fake,
    ask: (question) => {
      bodies.push(question.body ?? assert.fail('nothing is posted'));
      return fake.ask(question);
    },
  };
  const readRaw = <T>(_token: Token, use: (bytes: Buffer) => T): T | undefined =>
    raw === null ? undefined : use(Buffer.from(raw));
  const reviewed = await createReviewer({ api, readRaw, podOf: () => undefined })(one, NEVER);
  return { reviewed, asked: fake.asked, bodies };
}

function status(fields: object): Answer<unknown> {
  return { ok: true, value: { kind: 'TokenReview', status: fields } };
}

describe('a review', () => {
  it('is asked for with the token and its audiences', async () => {
    const { asked } = await review(status({ authenticated: true }));
    const [{ resource, path, body } = assert.fail('nothing was asked')] = asked;
    assert.deepEqual([resource, path], ['tokenreviews', '/apis/authentication.k8s.io/v1/tokenreviews']);
    assert.deepEqual(JSON.parse(body ?? ''), {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { audiences: ['vault'], token: RAW },
    });
  });

  it('is asked for with audiences of any text', async () => {
    const audiences = ['"}}', '"token":"', 'ä"\\'];
    const { asked } = await review(status({}), RAW, token({ claims: { audiences } }));
    assert.deepEqual(JSON.parse(asked[0]?.body ?? '').spec, { audiences, token: RAW });
  });

  it('leaves nothing of the token where it was sent from', async () => {
    const { bodies } = await review(status({ authenticated: true }));
    assert.deepEqual(
      bodies.map((body) => body.every((byte) => byte === 0)),
      [true],
    );
  });

  it('asks without the line break that a file may end in', async () => {
    const { asked } = await review(status({}), `${RAW}\n`);
    assert.equal(JSON.parse(asked[0]?.body ?? '').spec.token, RAW);
  });

  for (const [title, raw] of [
    ['is no token', 'a"b'],
    ['is empty', ''],
    ['is gone', null],
  ] as const)
    it(`is not asked for where the file ${title}`, async () => {
      const { reviewed, asked } = await review(status({}), raw);
      assert.deepEqual([reviewed, asked], [{ ok: true, value: undefined }, []]);
    });

  const answers = [
    ['accepted', { authenticated: true, user: {} }, { isAccepted: true }],
    ['accepted for want of a contradiction', { authenticated: true, error: 'x' }, { isAccepted: true }],
    ['refused', { error: '[service account token has expired]' }, { isAccepted: false, reason: 'expired' }],
    ['refused without a word', {}, { isAccepted: false, reason: 'other' }],
    [
      'refused in so many words',
      { authenticated: false, error: 'no' },
      { isAccepted: false, reason: 'other' },
    ],
    ['not known', { error: '[invalid bearer token, context deadline exceeded]' }, undefined],
  ] as const;
  for (const [title, fields, expected] of answers)
    it(`says ${title}`, async () => {
      const { reviewed } = await review(status(fields));
      assert.deepEqual(reviewed, { ok: true, value: expected });
    });

  const wrong: readonly (readonly [string, unknown])[] = [
    ['nothing', null],
    ['no status', { kind: 'TokenReview' }],
    ['a status that is a text', { status: 'Success' }],
    ['a word for a yes', { status: { authenticated: 'true' } }],
    ['an error that is an object', { status: { error: {} } }],
  ];
  for (const [title, value] of wrong)
    it(`is a wrong answer as ${title}`, async () =>
      assert.deepEqual((await review({ ok: true, value })).reviewed, failed('bad_answer')));

  it('is none where the question failed', async () => {
    const { reviewed, bodies } = await review(failed('forbidden'));
    assert.deepEqual(reviewed, failed('forbidden'));
    assert.ok(bodies[0]?.every((byte) => byte === 0));
  });

  it('is a review or a wrong answer, for any JSON', () =>
    fc.assert(
      fc.asyncProperty(fc.oneof(fc.jsonValue(), fc.record({ status: fc.jsonValue() })), async (value) => {
        const { reviewed } = await review({ ok: true, value });
        assert.ok(reviewed.ok || reviewed.failure === 'bad_answer');
      }),
    ));

  it('is good for ten minutes where it accepts, and for one where it does not', () => {
    assert.equal(goodForMs({ isAccepted: true }), 10 * MINUTE);
    assert.equal(goodForMs({ isAccepted: false, reason: 'expired' }), MINUTE);
    assert.equal(goodForMs(undefined), MINUTE);
  });
});
