/**
 * Which series a snapshot makes, and their values at the instants where they change.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { isFailing } from '../../src/core/assessment.ts';
import { NODE_METRICS } from '../../src/metrics/node-rows.ts';
import { TOKEN_METRICS } from '../../src/metrics/token-rows.ts';
import { listed } from '../support/exposition.ts';
import { snapshot, troubledNode } from '../support/snapshots.ts';
import { legacyToken, NOW, token } from '../support/tokens.ts';

const list = listed();
const HOUR = 3_600;

/** The values of one metric, in the order of the tokens. */
function valuesOf(name: string, at: Parameters<typeof snapshot>[0]): readonly number[] {
  const family = list(snapshot(at)).find(({ metric }) => metric.name === name);
  assert.ok(family, name);
  return family.samples.map(({ value }) => value);
}

describe('series of a token', () => {
  const cases = [
    { it: 'issued is iat', name: 'satoken_issued_timestamp_seconds', values: [NOW] },
    { it: 'expiration is exp', name: 'satoken_expiration_timestamp_seconds', values: [NOW + HOUR] },
    {
      it: 'nominal expiration is exp where the token was not extended',
      name: 'satoken_nominal_expiration_timestamp_seconds',
      values: [NOW + HOUR],
    },
    {
      it: 'nominal expiration is warnafter where it was',
      name: 'satoken_nominal_expiration_timestamp_seconds',
      tokens: [token({ claims: { expiresAt: NOW + 365 * 24 * HOUR, warnAfter: NOW + 3_607 } })],
      values: [NOW + 3_607],
    },
    { it: 'refresh due is at 80 %', name: 'satoken_refresh_due_timestamp_seconds', values: [NOW + 2_880] },
    {
      it: 'last rotation is told to the millisecond',
      name: 'satoken_last_rotation_timestamp_seconds',
      tokens: [token({ lastRotation: NOW + 0.123_456 })],
      values: [NOW + 0.123],
    },
    { it: 'age is 0 when issued', name: 'satoken_age_seconds', values: [0] },
    { it: 'age grows with the clock', name: 'satoken_age_seconds', now: NOW + 61.5, values: [61.5] },
    { it: 'age is negative before', name: 'satoken_age_seconds', now: NOW - 1, values: [-1] },
    { it: 'time to expiry falls', name: 'satoken_time_to_expiry_seconds', now: NOW + 1, values: [HOUR - 1] },
    {
      it: 'time to expiry is 0 at the nominal expiration',
      name: 'satoken_time_to_expiry_seconds',
      now: NOW + HOUR,
      values: [0],
    },
    {
      it: 'time to expiry is negative after',
      name: 'satoken_time_to_expiry_seconds',
      now: NOW + HOUR + 1,
      values: [-1],
    },
    {
      it: 'rotation overdue is 0 until the refresh is due',
      name: 'satoken_rotation_overdue_seconds',
      now: NOW + 2_880,
      values: [0],
    },
    {
      it: 'rotation overdue grows from then on',
      name: 'satoken_rotation_overdue_seconds',
      now: NOW + 2_881,
      values: [1],
    },
    {
      it: 'audience mismatch is 0 where the audience is as expected',
      name: 'satoken_audience_mismatch',
      values: [0],
    },
    {
      it: 'audience mismatch is 1 where it is not',
      name: 'satoken_audience_mismatch',
      tokens: [token({ claims: { audiences: ['other'] } })],
      values: [1],
    },
    {
      it: 'audience mismatch is absent where nothing is expected',
      name: 'satoken_audience_mismatch',
      tokens: [token({ identity: { volume: 'mine' } })],
      values: [],
    },
    { it: 'problem is absent while no check fails', name: 'satoken_problem', values: [] },
    { it: 'problem is 1 for each that fails', name: 'satoken_problem', now: NOW + HOUR, values: [1, 1] },
    { it: 'info is 1', name: 'satoken_info', values: [1] },
  ];

  for (const { it: title, name, values, ...at } of cases) {
    it(title, () => assert.deepEqual(valuesOf(name, at), values));
  }

  it('has a case for every metric of the table', () => {
    const covered = new Set(cases.map(({ name }) => name));
    assert.deepEqual(
      TOKEN_METRICS.filter(({ name }) => !covered.has(name)),
      [],
    );
  });

  it('has no time where a token names none', () => {
    const families = list(snapshot({ tokens: [legacyToken({ lastRotation: undefined })] }));
    const names = families
      .filter(
        ({ metric, samples }) => TOKEN_METRICS.some(({ name }) => name === metric.name) && samples.length > 0,
      )
      .map(({ metric }) => metric.name);
    assert.deepEqual(names, ['satoken_problem', 'satoken_info']);
  });
});

describe('labels of a token', () => {
  const infoOf = (tokens: Parameters<typeof snapshot>[0]) =>
    list(snapshot(tokens)).find(({ metric }) => metric.name === 'satoken_info')?.samples[0]?.labels ?? '';

  it('tell whether the token was extended', () => {
    assert.match(infoOf({}), /,extended="false"$/);
    assert.match(infoOf({ tokens: [token({ claims: { warnAfter: NOW + 60 } })] }), /,extended="true"$/);
  });

  it('list audiences with a comma between', () => {
    assert.match(infoOf({ tokens: [token({ claims: { audiences: ['a', 'b'] } })] }), /,audience="a,b",/);
  });

  it('are empty where a value is not known', () => {
    const text = infoOf({ tokens: [legacyToken({ claims: { keyId: undefined } })] });
    assert.match(text, /,pod="",/);
    assert.match(text, /,key_id="",/);
  });

  it('are the same text from scrape to scrape', () => {
    const tokens = [token()];
    const [first, second] = [infoOf({ tokens }), infoOf({ tokens, now: NOW + 1 })];
    assert.equal(first, second);
  });

  it('stay, but for what the token says of itself, when the token is replaced', () => {
    const before = infoOf({ tokens: [token()] });
    const after = infoOf({ tokens: [token({ claims: { issuedAt: NOW + 60, keyId: 'key-2' } })] });
    assert.equal(after, before.replace('key-1', 'key-2'));
  });
});

describe('--metrics.per-token', () => {
  const node = troubledNode();
  const failing = node.assessments.filter(isFailing).length;
  const infos = (perToken: 'all' | 'problems' | 'none') =>
    listed({ perToken })(node)
      .filter(({ metric }) => metric.name === 'satoken_info')
      .flatMap(({ samples }) => samples).length;

  it('all: every token has series', () => assert.equal(infos('all'), node.assessments.length));

  it('problems: only tokens with a failing check have them', () => {
    assert.ok(failing > 0 && failing < node.assessments.length);
    assert.equal(infos('problems'), failing);
  });

  it('none: no token has any', () => {
    const families = listed({ perToken: 'none' })(node);
    for (const { metric, samples } of families)
      if (metric.labels.includes('serviceaccount')) assert.deepEqual(samples, [], metric.name);
  });

  for (const perToken of ['problems', 'none'] as const) {
    it(`${perToken}: counts of the node are those of all tokens`, () => {
      const counts = (mode: 'all' | typeof perToken) =>
        listed({ perToken: mode })(node).slice(-NODE_METRICS.length);
      assert.deepEqual(counts(perToken), counts('all'));
    });
  }
});

describe('--no-metrics.relative', () => {
  it('leaves out what moves by itself, and nothing else', () => {
    const names = (isRelativeShown: boolean) =>
      listed({ isRelativeShown })(snapshot()).map(({ metric }) => metric.name);
    const shown = new Set(names(false));
    assert.deepEqual(
      names(true).filter((name) => !shown.has(name)),
      ['satoken_age_seconds', 'satoken_time_to_expiry_seconds', 'satoken_rotation_overdue_seconds'],
    );
  });
});

describe('series of the node', () => {
  const samplesOf = (name: string, at: Parameters<typeof snapshot>[0]) =>
    list(snapshot(at)).find(({ metric }) => metric.name === name)?.samples;

  it('counts every kind, state and reason, at 0 where there is none', () => {
    for (const name of [
      'satoken_tokens',
      'satoken_token_state',
      'satoken_problems',
      'satoken_check_unknown',
    ]) {
      const samples = samplesOf(name, { tokens: [] }) ?? [];
      assert.ok(samples.length > 1, name);
      assert.ok(samples.every(({ value }) => value === 0));
    }
  });

  it('tells neither time nor length of a pass before the first has ended', () => {
    const before = { scannedAt: undefined, scanSeconds: undefined };
    assert.deepEqual(samplesOf('satoken_last_scan_timestamp_seconds', before), []);
    assert.deepEqual(samplesOf('satoken_scan_duration_seconds', before), []);
  });

  it('has both metrics of a source once its first run has ended, and before that only that it is down', () => {
    const runs = new Map([
      ['files', { isSuccess: true, seconds: 0.5 }],
      ['api-server', { isSuccess: false, seconds: 30 }],
      ['self', undefined],
    ]);
    assert.deepEqual(samplesOf('satoken_source_up', { facts: { runs } }), [
      { labels: 'node="node-1",source="files"', value: 1 },
      { labels: 'node="node-1",source="api-server"', value: 0 },
      { labels: 'node="node-1",source="self"', value: 0 },
    ]);
    assert.deepEqual(samplesOf('satoken_source_duration_seconds', { facts: { runs } }), [
      { labels: 'node="node-1",source="files"', value: 0.5 },
      { labels: 'node="node-1",source="api-server"', value: 30 },
    ]);
  });

  it('tells an object that fails twice for one reason once', () => {
    const one = { podUid: 'u', volume: 'v', path: 'p', reason: 'vanished', detail: '' } as const;
    const unreadable = [one, { ...one, detail: 'again' }, { ...one, reason: 'io_error' } as const];
    assert.deepEqual(
      samplesOf('satoken_unreadable', { unreadable })?.map(({ labels }) => labels),
      [
        'node="node-1",pod_uid="u",volume="v",path="p",reason="vanished"',
        'node="node-1",pod_uid="u",volume="v",path="p",reason="io_error"',
      ],
    );
  });
});
