/**
 * What the kubelet's events say of a pod's volumes.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { failed } from '../../../src/sources/api-server/failures.ts';
import { createMountInquirer, parseMountFailures } from '../../../src/sources/api-server/mount-failures.ts';
import { createClock, createFakeApi } from './fakes.ts';
import { failedMount, type Json, list, metadata, STARTED, STARTED_AT } from './objects.ts';

const NEVER = new AbortController().signal;
const LATER = '2026-11-24T06:30:00Z';
const LATER_AT = Date.parse(LATER) / 1_000;

function setUp(rest: string): string {
  return `MountVolume.SetUp failed for volume "v" : ${rest}`;
}

function failuresOf(...events: readonly Json[]) {
  return parseMountFailures(list('Event', events));
}

describe('an event of the kubelet', () => {
  const kinds = [
    ['account_missing', setUp('failed to fetch token: serviceaccounts "doomed" not found')],
    [
      'account_missing',
      setUp('[failed to fetch token: serviceaccounts "doomed" not found, configmap "x" not found]'),
    ],
    ['account_missing', setUp('failed to fetch token: serviceaccount "doomed" not found')],
    [
      'audience_refused',
      setUp(
        'failed to fetch token: serviceaccounts "a" is forbidden: audience "b" not found in pod spec volume, system:node:n is not authorized to request tokens for this audience',
      ),
    ],
    ['token_refused', setUp('failed to fetch token: Post "https://192.0.2.1": dial tcp: connection refused')],
    ['token_refused', setUp('failed to fetch token: pods "a" not found')],
    ['other', setUp('secret "api-token" not found')],
    ['other', setUp('configmap "serviceaccounts" not found')],
    ['other', ''],
  ] as const;
  for (const [kind, message] of kinds)
    it(`means ${kind}: ${message}`, () =>
      assert.deepEqual(
        failuresOf(failedMount(message))?.map((one) => one.kind),
        [kind],
      ));

  const volumes = [
    ['the one it failed to set up', setUp('secret "s" not found'), ['v']],
    [
      'those that are not mounted',
      'Unable to attach or mount volumes: unmounted volumes=[a b], unattached volumes=[a b c]: timed out',
      ['a', 'b'],
    ],
    ['none', 'references non-existent secret key', ['']],
    ['none in an empty list', 'unmounted volumes=[]', ['']],
    ['none by a name that is no name', 'MountVolume.SetUp failed for volume "A\nB" : x', ['']],
  ] as const;
  for (const [title, message, expected] of volumes)
    it(`names ${title}`, () =>
      assert.deepEqual(
        failuresOf(failedMount(message))?.map(({ volume }) => volume),
        expected,
      ));

  const times: readonly (readonly [string, Json, number])[] = [
    ['when it was last counted', { lastTimestamp: LATER }, LATER_AT],
    ['when its series was last seen', { lastTimestamp: null, series: { lastObservedTime: LATER } }, LATER_AT],
    ['when it happened', { lastTimestamp: null, eventTime: '2026-11-24T06:30:00.500000Z' }, LATER_AT + 0.5],
    ['when it was made', { lastTimestamp: null }, STARTED_AT],
  ];
  for (const [title, overrides, expected] of times)
    it(`is from ${title}`, () =>
      assert.equal(failuresOf(failedMount(setUp('x'), overrides))?.[0]?.lastSeenAt, expected));

  it('is nothing without any time', () => {
    const timeless = failedMount(setUp('x'), { lastTimestamp: null, metadata: metadata() });
    assert.deepEqual(failuresOf(timeless), []);
  });
});

describe('the failures of a pod', () => {
  it('are the last of each kind for each volume', () => {
    const [missing, other] = [setUp('failed to fetch token: serviceaccounts "a" not found'), setUp('x')];
    const events = [
      failedMount(missing, { lastTimestamp: LATER }),
      failedMount(missing, { lastTimestamp: STARTED }),
      failedMount(other),
    ];
    assert.deepEqual(failuresOf(...events), [
      { volume: 'v', kind: 'account_missing', lastSeenAt: LATER_AT },
      { volume: 'v', kind: 'other', lastSeenAt: STARTED_AT },
    ]);
  });

  it('are of fifty events and of sixty-four volumes in each, no more', () => {
    const names = Array.from({ length: 100 }, (_, index) => `v-${index}`).join(' ');
    assert.equal(failuresOf(failedMount(`unmounted volumes=[${names}]`))?.length, 64);
    const many = Array.from({ length: 100 }, (_, index) =>
      failedMount(`MountVolume.SetUp failed for volume "v-${index}" : x`),
    );
    assert.equal(failuresOf(...many)?.length, 50);
  });

  it('are none where there is no event', () => assert.deepEqual(failuresOf(), []));

  const wrong: readonly (readonly [string, unknown])[] = [
    ['nothing', undefined],
    ['no items', {}],
    ['items that are an object', { items: {} }],
    ['an event that is a text', list('Event', ['a'])],
    ['a message that is a list', list('Event', [failedMount('', { message: [] })])],
    ['a time that is none', list('Event', [failedMount('', { lastTimestamp: 'now' })])],
  ];
  for (const [title, value] of wrong)
    it(`are a wrong answer as ${title}`, () => assert.equal(parseMountFailures(value), undefined));

  it('are failures or a wrong answer, for any JSON', () => {
    const event = fc.record({
      message: fc.oneof(fc.jsonValue(), fc.string()),
      lastTimestamp: fc.jsonValue(),
    });
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.record({ items: fc.array(event) })), (value) => {
        const failures = parseMountFailures(value);
        assert.ok(failures === undefined || Array.isArray(failures));
      }),
    );
  });

  it('are asked for in the namespace of the pod, by its uid', async () => {
    const api = createFakeApi(createClock(), { ask: () => ({ ok: true, value: list('Event', []) }) });
    const answer = await createMountInquirer(api)({ uid: 'a-uid', namespace: 'payments' }, NEVER);
    assert.deepEqual(answer, { ok: true, value: [] });
    const [{ resource, path } = assert.fail('nothing was asked')] = api.asked;
    const { pathname, searchParams } = new URL(path, 'http://localhost');
    assert.deepEqual([resource, pathname], ['events', '/api/v1/namespaces/payments/events']);
    assert.deepEqual(Object.fromEntries(searchParams), {
      fieldSelector: 'involvedObject.uid=a-uid,reason=FailedMount',
      limit: '50',
    });
  });

  for (const [title, answer] of [
    ['fails', failed('forbidden')],
    ['is wrong', failed('bad_answer')],
  ] as const)
    it(`are none where the answer ${title}`, async () => {
      const said = title === 'fails' ? answer : { ok: true as const, value: {} };
      const api = createFakeApi(createClock(), { ask: () => said });
      assert.deepEqual(await createMountInquirer(api)({ uid: 'u', namespace: 'n' }, NEVER), answer);
    });
});
