/**
 * FailedMount events of the kubelet.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { failed } from '../../../src/sources/api-server/failures.ts';
import {
  createMountFailureFetcher,
  parseMountFailures,
} from '../../../src/sources/api-server/mount-failures.ts';
import { ok } from '../../../src/util/result.ts';
import { createCallbacks, createClock, createFakeApi } from './fakes.ts';
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

describe('a mount failure', () => {
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
    it(`has the kind ${kind} for the message "${message}"`, () =>
      assert.deepEqual(
        failuresOf(failedMount(message))?.map((failure) => failure.kind),
        [kind],
      ));

  const volumes = [
    ['names the volume that was not set up', setUp('secret "s" not found'), ['v']],
    [
      'names the volumes that are not mounted',
      'Unable to attach or mount volumes: unmounted volumes=[a b], unattached volumes=[a b c]: timed out',
      ['a', 'b'],
    ],
    ['has an empty volume name if the message names none', 'references non-existent secret key', ['']],
    ['has an empty volume name if the list of volumes is empty', 'unmounted volumes=[]', ['']],
    [
      'has an empty volume name if the name is invalid',
      'MountVolume.SetUp failed for volume "A\nB" : x',
      [''],
    ],
  ] as const;
  for (const [title, message, expected] of volumes)
    it(title, () =>
      assert.deepEqual(
        failuresOf(failedMount(message))?.map(({ volume }) => volume),
        expected,
      ),
    );

  const times: readonly (readonly [string, Json, number])[] = [
    ['lastTimestamp', { lastTimestamp: LATER }, LATER_AT],
    ['series.lastObservedTime', { lastTimestamp: null, series: { lastObservedTime: LATER } }, LATER_AT],
    ['eventTime', { lastTimestamp: null, eventTime: '2026-11-24T06:30:00.500000Z' }, LATER_AT + 0.5],
    ['creationTimestamp', { lastTimestamp: null }, STARTED_AT],
  ];
  for (const [field, overrides, expected] of times)
    it(`takes its time from ${field} of the event`, () =>
      assert.equal(failuresOf(failedMount(setUp('x'), overrides))?.[0]?.lastSeenAt, expected));

  it('is ignored if the event has no time', () => {
    const timeless = failedMount(setUp('x'), { lastTimestamp: null, metadata: metadata() });
    assert.deepEqual(failuresOf(timeless), []);
  });
});

describe('the mount failures of a pod', () => {
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

  it('are limited to 50 events and 64 volumes per event', () => {
    const names = Array.from({ length: 100 }, (_, index) => `v-${index}`).join(' ');
    assert.equal(failuresOf(failedMount(`unmounted volumes=[${names}]`))?.length, 64);
    const many = Array.from({ length: 100 }, (_, index) =>
      failedMount(`MountVolume.SetUp failed for volume "v-${index}" : x`),
    );
    assert.equal(failuresOf(...many)?.length, 50);
  });

  it('are empty without events', () => assert.deepEqual(failuresOf(), []));

  const malformed: readonly (readonly [string, unknown])[] = [
    ['nothing', undefined],
    ['a list without items', {}],
    ['items that are an object', { items: {} }],
  ];
  for (const [title, value] of malformed)
    it(`are undefined for ${title}`, () => assert.equal(parseMountFailures(value), undefined));

  const odd: readonly (readonly [string, unknown])[] = [
    ['that is a string', 'a'],
    ['without a message', failedMount('', { message: undefined })],
    ['whose message is an array', failedMount('', { message: [] })],
    ['without a time', failedMount('', { lastTimestamp: 7, metadata: { name: 'a', namespace: 'b' } })],
  ];
  for (const [title, event] of odd)
    it(`are those of the other events if there is one ${title}, which is dropped`, () => {
      const dropped: unknown[] = [];
      const other = failedMount('MountVolume.SetUp failed for volume "v" : x');
      const failures = parseMountFailures(list('Event', [event, other]), (one) => dropped.push(one));
      assert.deepEqual([failures, dropped], [failuresOf(other), [event]]);
    });

  it('have the time of another field if one is malformed', () => {
    const [failure] = failuresOf(failedMount('x', { lastTimestamp: 'now' })) ?? [];
    assert.equal(failure?.lastSeenAt, STARTED_AT);
  });

  it('are a list or undefined, for any JSON', () => {
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

  it("are requested from the pod's namespace, by its uid", async () => {
    const api = createFakeApi(createClock(), { request: () => ok(list('Event', [])) });
    const failures = await createMountFailureFetcher(api, createCallbacks())(
      { uid: 'a-uid', namespace: 'payments' },
      NEVER,
    );
    assert.deepEqual(failures, ok([]));
    const [{ resource, path } = assert.fail('no request')] = api.requests;
    const { pathname, searchParams } = new URL(path, 'http://localhost');
    assert.deepEqual([resource, pathname], ['events', '/api/v1/namespaces/payments/events']);
    assert.deepEqual(Object.fromEntries(searchParams), {
      fieldSelector: 'involvedObject.uid=a-uid,reason=FailedMount',
      limit: '50',
    });
  });

  for (const [title, response, expected] of [
    ['the request fails', failed('forbidden'), failed('forbidden')],
    ['the response is malformed', ok({}), failed('bad_answer')],
  ] as const)
    it(`are an error if ${title}`, async () => {
      const api = createFakeApi(createClock(), { request: () => response });
      const fetchFailures = createMountFailureFetcher(api, createCallbacks());
      assert.deepEqual(await fetchFailures({ uid: 'u', namespace: 'n' }, NEVER), expected);
    });
});
