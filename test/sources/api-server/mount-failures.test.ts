/**
 * FailedMount events of the kubelet.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { failed } from '../../../src/sources/api-server/client/failures.ts';
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
    [
      'audience_refused',
      setUp(
        'failed to fetch token: serviceaccounts "a" is forbidden: audience "b" not found in pod spec volume',
      ),
    ],
    [
      'account_missing',
      setUp(
        'failed to fetch token: token "a"/"payments"/[]string{"b"}/600/v1.BoundObjectReference{Kind:"Pod", Name:"p"} expired and refresh failed: serviceaccounts "a" not found',
      ),
    ],
    ['unreachable', setUp('failed to fetch token: Post "https://192.0.2.1": dial tcp: connection refused')],
    [
      'unreachable',
      setUp('failed to fetch token: Post "https://192.0.2.1": net/http: TLS handshake timeout'),
    ],
    [
      'token_refused',
      setUp(
        'failed to fetch token: serviceaccounts "a" is forbidden: User "system:node:n" cannot create resource "serviceaccounts/token" in API group "" in the namespace "payments": no relationship found between node \'n\' and this object',
      ),
    ],
    [
      'token_refused',
      setUp(
        'failed to fetch token: serviceaccounts "a" is forbidden: node requested token bound to a pod scheduled on a different node',
      ),
    ],
    ['token_refused', setUp('failed to fetch token: pods "a" not found')],
    ['volume_source', setUp('secret "api-token" not found')],
    ['volume_source', setUp('configmap "serviceaccounts" not found')],
    ['volume_source', setUp('configmap "kube-root-ca.crt" not found')],
    ['volume_source', setUp('object "payments"/"kube-root-ca.crt" not registered')],
    ['volume_source', setUp('references non-existent secret key: password')],
    [
      'volume_source',
      'Unable to attach or mount volumes: unmounted volumes=[data], unattached volumes=[], failed to process volumes=[data]: error processing PVC payments/data: PVC is being deleted',
    ],
    [
      'claim_missing',
      'Unable to attach or mount volumes: unmounted volumes=[data], unattached volumes=[], failed to process volumes=[data]: error processing PVC payments/data: failed to fetch PVC from API server: persistentvolumeclaims "data" not found',
    ],
    ['other', setUp('mount failed: exit status 32')],
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
    [
      'names the volumes that failed, rather than those that wait for them',
      'Unable to attach or mount volumes: unmounted volumes=[a b], unattached volumes=[], failed to process volumes=[b]: x',
      ['b'],
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

describe('the message of a mount failure', () => {
  const messageOf = (message: string) => failuresOf(failedMount(message))?.[0]?.message;

  it('is that of the event', () => assert.equal(messageOf('a "b" <i>'), 'a "b" <i>'));
  it('is on one line', () => assert.equal(messageOf(' a\n\t b\r\n'), 'a b'));
  it('has no characters that steer a terminal or reorder text', () =>
    assert.equal(messageOf('a\u{1b}[2J\u{202e}b'), 'a\u{fffd}[2J\u{fffd}b'));
  it('is cut after 512 characters', () =>
    assert.equal(messageOf('x'.repeat(9_999)), `${'x'.repeat(512)}...`));
  it('contains nothing that looks like a token', () => {
    const message = messageOf('a eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl b');
    assert.equal(message, 'a (token) b');
  });
  it('contains no beginning of a token that is cut', () => {
    const raw = `eyJhbGciOiJSUzI1NiJ9.${'A'.repeat(9_999)}`;
    assert.equal(messageOf(`${'x'.repeat(480)} ${raw}`), `${'x'.repeat(480)} (token)`);
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
      { volume: 'v', kind: 'account_missing', lastSeenAt: LATER_AT, message: missing },
      { volume: 'v', kind: 'other', lastSeenAt: STARTED_AT, message: other },
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
