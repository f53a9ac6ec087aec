/**
 * The series of a snapshot, and their values at the instants at which they change.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { isFailing } from '../../src/core/assessment.ts';
import { type ClusterFacts, NO_CLUSTER } from '../../src/core/cluster-facts.ts';
import { NEW_HISTORY } from '../../src/core/history.ts';
import { placeOf } from '../../src/core/origin.ts';
import type { ReadFacts } from '../../src/core/reads/read-facts.ts';
import type { TokenReads } from '../../src/core/reads/token-reads.ts';
import { createTakeSnapshot } from '../../src/core/snapshot.ts';
import type { PerTokenMode } from '../../src/core/token/token.ts';
import { createListFamilies } from '../../src/metrics/families.ts';
import { NODE_METRICS } from '../../src/metrics/node-rows.ts';
import { TOKEN_METRICS } from '../../src/metrics/token-rows.ts';
import { authority, clusterAround, podFacts } from '../support/cluster.ts';
import { familyOptions, listed } from '../support/exposition.ts';
import { readAgain, readFacts, readOnce, tokenReads } from '../support/reads.ts';
import { snapshot, troubledNode } from '../support/snapshots.ts';
import { facts, legacyToken, NOW, observation, POD_UID, policy, token } from '../support/tokens.ts';

const list = listed();
const HOUR = 3_600;

/** Of the default token. */
function readsOf(reads: TokenReads): ReadFacts {
  return readFacts(new Map([[placeOf(token().identity), reads]]));
}

/** The values of one metric, in the order of the tokens. */
function valuesOf(name: string, at: Parameters<typeof snapshot>[0]): readonly number[] {
  const family = list(snapshot(at)).find(({ metric }) => metric.name === name);
  assert.ok(family, name);
  return family.samples.map(({ value }) => value);
}

describe('the series of a token', () => {
  const cases = [
    { it: 'issued is the claim iat', name: 'satoken_issued_timestamp_seconds', values: [NOW] },
    { it: 'expiration is the claim exp', name: 'satoken_expiration_timestamp_seconds', values: [NOW + HOUR] },
    {
      it: 'nominal expiration is exp if the token was not extended',
      name: 'satoken_nominal_expiration_timestamp_seconds',
      values: [NOW + HOUR],
    },
    {
      it: 'nominal expiration is warnafter if the token was extended',
      name: 'satoken_nominal_expiration_timestamp_seconds',
      tokens: [token({ claims: { expiresAt: NOW + 365 * 24 * HOUR, warnAfter: NOW + 3_607 } })],
      values: [NOW + 3_607],
    },
    {
      it: 'refresh due is at 80 % of the lifetime',
      name: 'satoken_refresh_due_timestamp_seconds',
      values: [NOW + 2_880],
    },
    {
      it: 'last rotation is rounded to the millisecond',
      name: 'satoken_last_rotation_timestamp_seconds',
      tokens: [token({ lastRotation: NOW + 0.123_456 })],
      values: [NOW + 0.123],
    },
    { it: 'a token that is not overdue has no cause', name: 'satoken_overdue_info', values: [] },
    { it: 'an overdue token has one cause', name: 'satoken_overdue_info', now: NOW + 3_599, values: [1] },
    { it: 'age is 0 at the time of issue', name: 'satoken_age_seconds', values: [0] },
    { it: 'age increases with the clock', name: 'satoken_age_seconds', now: NOW + 61.5, values: [61.5] },
    {
      it: 'age is negative before the time of issue',
      name: 'satoken_age_seconds',
      now: NOW - 1,
      values: [-1],
    },
    {
      it: 'time to expiry decreases with the clock',
      name: 'satoken_time_to_expiry_seconds',
      now: NOW + 1,
      values: [HOUR - 1],
    },
    {
      it: 'time to expiry is 0 at the expiration',
      name: 'satoken_time_to_expiry_seconds',
      now: NOW + HOUR,
      values: [0],
    },
    {
      it: 'time to expiry is negative after the expiration',
      name: 'satoken_time_to_expiry_seconds',
      now: NOW + HOUR + 1,
      values: [-1],
    },
    {
      it: 'time to expiry is that until the expiration, also of an extended token',
      name: 'satoken_time_to_expiry_seconds',
      tokens: [token({ claims: { expiresAt: NOW + 24 * HOUR, warnAfter: NOW + HOUR } })],
      now: NOW + HOUR,
      values: [23 * HOUR],
    },
    {
      it: 'time to expiry is absent for a token that never expires',
      name: 'satoken_time_to_expiry_seconds',
      tokens: [legacyToken()],
      values: [],
    },
    {
      it: 'rotation overdue is 0 when the refresh is due',
      name: 'satoken_rotation_overdue_seconds',
      now: NOW + 2_880,
      values: [0],
    },
    {
      it: 'rotation overdue is 0 until the grace period has passed',
      name: 'satoken_rotation_overdue_seconds',
      now: NOW + 3_168,
      values: [0],
    },
    {
      it: 'rotation overdue is the time since the refresh was due once the grace period has passed',
      name: 'satoken_rotation_overdue_seconds',
      now: NOW + 3_169,
      values: [289],
    },
    {
      it: 'rotation overdue is absent for a token that the kubelet does not refresh',
      name: 'satoken_rotation_overdue_seconds',
      tokens: [legacyToken()],
      values: [],
    },
    {
      it: 'audience mismatch is 0 if the token has the expected audience',
      name: 'satoken_audience_mismatch',
      values: [0],
    },
    {
      it: 'audience mismatch is 1 if the token lacks the expected audience',
      name: 'satoken_audience_mismatch',
      tokens: [token({ claims: { audiences: ['other'] } })],
      values: [1],
    },
    {
      it: 'audience mismatch is absent if no audience is expected',
      name: 'satoken_audience_mismatch',
      tokens: [token({ identity: { volume: 'mine' } })],
      values: [],
    },
    {
      it: 'last read is absent if reads are not watched',
      name: 'satoken_last_read_timestamp_seconds',
      values: [],
    },
    {
      it: 'last read is the time of the last read',
      name: 'satoken_last_read_timestamp_seconds',
      facts: { reads: readsOf(readAgain()) },
      values: [NOW - 30],
    },
    {
      it: 'last read is absent before the first read',
      name: 'satoken_last_read_timestamp_seconds',
      facts: { reads: readsOf(tokenReads()) },
      values: [],
    },
    {
      it: 'read since rotation is absent for a volume that is not watched',
      name: 'satoken_read_since_rotation',
      facts: { reads: readFacts(new Map()) },
      values: [],
    },
    {
      it: 'read since rotation is 1 after a read',
      name: 'satoken_read_since_rotation',
      facts: { reads: readsOf(readAgain()) },
      values: [1],
    },
    {
      it: 'read since rotation is 0 without one',
      name: 'satoken_read_since_rotation',
      facts: { reads: readsOf(readOnce()) },
      values: [0],
    },
    {
      it: 'read since rotation is absent if a read may have been missed',
      name: 'satoken_read_since_rotation',
      facts: { reads: readsOf(tokenReads({ isReadSinceRotation: undefined })) },
      values: [],
    },
    { it: 'problem is absent if no check fails', name: 'satoken_problem', values: [] },
    {
      it: 'problem is 1 for each check that fails',
      name: 'satoken_problem',
      now: NOW + HOUR,
      values: [1, 1],
    },
    {
      it: 'the start of a problem is the time in the claims',
      name: 'satoken_problem_start_timestamp_seconds',
      now: NOW + HOUR + 60,
      values: [NOW + HOUR, NOW + 3_168],
    },
    {
      it: 'the start of a problem is when it was first seen if the claims do not state it',
      name: 'satoken_problem_start_timestamp_seconds',
      facts: { history: NEW_HISTORY },
      tokens: [legacyToken()],
      values: [NOW],
    },
    { it: 'info is 1', name: 'satoken_info', values: [1] },
  ];

  for (const { it: title, name, values, ...at } of cases) {
    it(title, () => assert.deepEqual(valuesOf(name, at), values));
  }

  it('have a test case for every row of the table', () => {
    const covered = new Set(cases.map(({ name }) => name));
    assert.deepEqual(
      TOKEN_METRICS.filter(({ name }) => !covered.has(name)),
      [],
    );
  });

  it('have no times for a token without times', () => {
    const families = list(snapshot({ tokens: [legacyToken({ lastRotation: undefined })] }));
    const names = families
      .filter(
        ({ metric, samples }) => TOKEN_METRICS.some(({ name }) => name === metric.name) && samples.length > 0,
      )
      .map(({ metric }) => metric.name);
    assert.deepEqual(names, ['satoken_problem', 'satoken_info']);
  });
});

describe('static rows', () => {
  const rows = TOKEN_METRICS.filter(({ isStatic }) => isStatic);
  const tokens = troubledNode().observation.tokens;
  const families = (at: Parameters<typeof snapshot>[0]) => list(snapshot({ tokens, ...at }));

  for (const { name } of rows)
    it(`${name} has the same series for the same tokens and origins at another time and with other facts`, () => {
      const samplesOf = (at: Parameters<typeof snapshot>[0]) =>
        families(at).find(({ metric }) => metric.name === name)?.samples;
      const { cluster } = troubledNode();
      const other = { ...NO_CLUSTER, pods: cluster.pods, authority: cluster.authority };
      assert.deepEqual(
        samplesOf({ facts: { cluster } }),
        samplesOf({ now: NOW + 10 * HOUR, facts: { cluster: other } }),
      );
    });

  it('are printed again if an origin changes', () => {
    const take = createTakeSnapshot(policy());
    const observed = facts({ observation: observation({ tokens: [token()] }) });
    const before = take(observed, NOW);
    assert.equal(take(observed, NOW + 60).provenance, before.provenance);
    const pods = new Map([[POD_UID, podFacts()]]);
    assert.notEqual(
      take({ ...observed, cluster: { ...NO_CLUSTER, pods } }, NOW).provenance,
      before.provenance,
    );
  });

  it('are cached by the tokens and their origins if all tokens have series, and never otherwise', () => {
    const keysOf = (perToken: PerTokenMode, at = snapshot({ tokens })) =>
      createListFamilies(familyOptions({ perToken }))(at).flatMap(({ metric, cacheKey }) =>
        cacheKey === undefined ? [] : [[metric.name, cacheKey === at.provenance]],
      );
    assert.ok(rows.length > 0);
    assert.deepEqual(
      keysOf('all'),
      rows.map(({ name }) => [name, true]),
    );
    assert.deepEqual([keysOf('problems'), keysOf('none')], [[], []]);
  });
});

describe('the labels of a token', () => {
  const infoOf = (tokens: Parameters<typeof snapshot>[0]) =>
    list(snapshot(tokens)).find(({ metric }) => metric.name === 'satoken_info')?.samples[0]?.labels ?? '';

  it('show that the API server extended the token', () => {
    assert.match(infoOf({}), /,extended="false",/);
    assert.match(infoOf({ tokens: [token({ claims: { warnAfter: NOW + 60 } })] }), /,extended="true",/);
  });

  it('list audiences separated by commas', () => {
    assert.match(infoOf({ tokens: [token({ claims: { audiences: ['a', 'b'] } })] }), /,audience="a,b",/);
  });

  it('are empty if a value is unknown', () => {
    const text = infoOf({ tokens: [legacyToken({ claims: { keyId: undefined } })] });
    assert.match(text, /,namespace="",pod="",/);
    assert.match(text, /,key_id="",/);
  });

  it('include the origin of the token', () => {
    const cluster = { ...NO_CLUSTER, pods: new Map([[POD_UID, podFacts()]]) };
    assert.match(infoOf({ facts: { cluster } }), /,origin="kubelet",/);
    assert.match(infoOf({}), /,origin="unknown",/);
  });

  it('include the namespace of the subject only if it differs from that of the pod', () => {
    assert.match(infoOf({}), /^node="node-1",namespace="payments",.*,subject_namespace=""$/);
    const cluster = { ...NO_CLUSTER, pods: new Map([[POD_UID, podFacts({ namespace: 'ci' })]]) };
    assert.match(infoOf({ facts: { cluster } }), /,namespace="ci",.*,subject_namespace="payments"$/);
    assert.match(infoOf({ tokens: [legacyToken()] }), /,namespace="",.*,subject_namespace="payments"$/);
  });

  it('do not change from scrape to scrape', () => {
    const tokens = [token()];
    const [first, second] = [infoOf({ tokens }), infoOf({ tokens, now: NOW + 1 })];
    assert.equal(first, second);
  });

  it('change only in the claims of satoken_info when the token is rotated', () => {
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

  it('all: exports series of every token', () => assert.equal(infos('all'), node.assessments.length));

  it('problems: exports series of tokens with a failing check only', () => {
    assert.ok(failing > 0 && failing < node.assessments.length);
    assert.equal(infos('problems'), failing);
  });

  it('none: exports no series of tokens', () => {
    const families = listed({ perToken: 'none' })(node);
    for (const { metric, samples } of families)
      if (metric.labels.includes('serviceaccount')) assert.deepEqual(samples, [], metric.name);
  });

  for (const perToken of ['problems', 'none'] as const) {
    it(`${perToken}: exports the same series of the node as all`, () => {
      const counts = (mode: 'all' | typeof perToken) =>
        listed({ perToken: mode })(node).slice(-NODE_METRICS.length);
      assert.deepEqual(counts(perToken), counts('all'));
    });
  }
});

describe('--no-metrics.relative', () => {
  it('leaves out only the metrics that change with the clock', () => {
    const names = (isRelativeShown: boolean) =>
      listed({ isRelativeShown })(snapshot()).map(({ metric }) => metric.name);
    const shown = new Set(names(false));
    assert.deepEqual(
      names(true).filter((name) => !shown.has(name)),
      ['satoken_age_seconds', 'satoken_time_to_expiry_seconds', 'satoken_rotation_overdue_seconds'],
    );
  });
});

describe('the series of the node', () => {
  const samplesOf = (name: string, at: Parameters<typeof snapshot>[0]) =>
    list(snapshot(at)).find(({ metric }) => metric.name === name)?.samples;

  it('include every kind, state and reason, even if its count is 0', () => {
    for (const name of [
      'satoken_tokens',
      'satoken_token_state',
      'satoken_problems',
      'satoken_account_problems',
      'satoken_failing_tokens',
      'satoken_check_unknown',
    ]) {
      const samples = samplesOf(name, { tokens: [] }) ?? [];
      assert.ok(samples.length > 1, name);
      assert.ok(samples.every(({ value }) => value === 0));
    }
  });

  it('include the number of tokens that a limit leaves no series', () => {
    assert.deepEqual(samplesOf('satoken_tokens_without_series', {}), [{ labels: 'node="node-1"', value: 0 }]);
  });

  it('include neither time nor duration of a scan before the first one has ended', () => {
    const before = { scannedAt: undefined, scanSeconds: undefined };
    assert.deepEqual(samplesOf('satoken_last_scan_timestamp_seconds', before), []);
    assert.deepEqual(samplesOf('satoken_scan_duration_seconds', before), []);
  });

  it('include the last sync of the kubelet only while a volume is watched', () => {
    const name = 'satoken_kubelet_last_sync_timestamp_seconds';
    const reads = { tokens: new Map(), lastVisitAt: NOW - 70, watches: 1, unwatched: 0 };
    const seen = (facts: ReadFacts | undefined) => samplesOf(name, { facts: { reads: facts } });
    assert.deepEqual(seen(reads), [{ labels: 'node="node-1"', value: NOW - 70 }]);
    for (const none of [undefined, { ...reads, watches: 0 }, { ...reads, lastVisitAt: undefined }])
      assert.deepEqual(seen(none), []);
  });

  it('include the duration of a source only after its first run, and 0 for up until then', () => {
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

  const countOf = (name: string, labels: string, at: Parameters<typeof snapshot>[0]) =>
    samplesOf(name, at)?.find((sample) => sample.labels === `node="node-1",${labels}`)?.value;

  it('count tokens by kind and origin', () => {
    const cluster = { ...NO_CLUSTER, pods: new Map([[POD_UID, podFacts()]]), authority: authority() };
    const elsewhere = token({ volumeKind: 'secret', identity: { volume: 'elsewhere' } });
    const at = { tokens: [token(), legacyToken(), elsewhere], facts: { cluster } };
    assert.equal(countOf('satoken_tokens', 'kind="projected",origin="kubelet"', at), 1);
    assert.equal(countOf('satoken_tokens', 'kind="projected",origin="foreign"', at), 1);
    assert.equal(countOf('satoken_tokens', 'kind="legacy",origin="secret"', at), 1);
    assert.equal(countOf('satoken_tokens', 'kind="legacy",origin="unknown"', at), 0);
  });

  it('count problems by reason and severity, and tokens by their worst severity', () => {
    const at = { tokens: [token(), legacyToken(), legacyToken()], now: NOW + HOUR };
    assert.equal(countOf('satoken_problems', 'reason="expired",severity="critical"', at), 1);
    assert.equal(countOf('satoken_problems', 'reason="expired",severity="info"', at), 0);
    assert.equal(countOf('satoken_problems', 'reason="legacy_token",severity="info"', at), 2);
    assert.equal(countOf('satoken_failing_tokens', 'severity="critical"', at), 1);
    assert.equal(countOf('satoken_failing_tokens', 'severity="warning"', at), 0);
    assert.equal(countOf('satoken_failing_tokens', 'severity="info"', at), 2);
  });

  it('count late tokens of a missing or recreated service account, and no others', () => {
    const late = { now: NOW + HOUR, tokens: [token(), token()] };
    const countIn = (accounts: ClusterFacts['accounts']) =>
      countOf('satoken_account_problems', 'reason="expired",severity="critical"', {
        ...late,
        facts: { cluster: clusterAround(token(), { accounts }) },
      });
    const { serviceAccount, namespace } = token().claims;
    const ofUid = (uid: string) =>
      new Map([[`${namespace}/${serviceAccount.name}`, { uid, isAutomounted: true }]]);
    assert.equal(countIn(undefined), 0);
    assert.equal(countIn(ofUid(serviceAccount.uid ?? '')), 0);
    assert.equal(countIn(ofUid('another')), 2);
    assert.equal(countIn(new Map()), 2);
  });

  it('name the pod of an object that cannot be read', () => {
    const cluster = { ...NO_CLUSTER, pods: new Map([['u', podFacts({ uid: 'u', namespace: 'ci' })]]) };
    const unreadable = [{ podUid: 'u', volume: 'v', path: 'p', reason: 'vanished', detail: '' }] as const;
    assert.equal(
      samplesOf('satoken_unreadable', { tokens: [], unreadable, facts: { cluster } })?.[0]?.labels,
      'node="node-1",namespace="ci",pod="api-0",pod_uid="u",volume="v",path="p",reason="vanished"',
    );
  });

  it('include an object once for each reason, even if it fails with several details', () => {
    const one = { podUid: 'u', volume: 'v', path: 'p', reason: 'vanished', detail: '' } as const;
    const unreadable = [one, { ...one, detail: 'again' }, { ...one, reason: 'io_error' } as const];
    assert.deepEqual(
      samplesOf('satoken_unreadable', { unreadable })?.map(({ labels }) => labels),
      [
        'node="node-1",namespace="",pod="",pod_uid="u",volume="v",path="p",reason="vanished"',
        'node="node-1",namespace="",pod="",pod_uid="u",volume="v",path="p",reason="io_error"',
      ],
    );
  });
});

describe('the series of a resource of the API server', () => {
  const cases = [
    { it: 'are 1 and no failure if it is up to date', state: { isUp: true }, up: 1, failures: [] },
    {
      it: 'are 1 and a reason if it is not published',
      state: { isUp: true, reason: 'not_published' },
      up: 1,
      failures: ['not_published'],
    },
    {
      it: 'are 0 and a reason if it failed',
      state: { isUp: false, failure: 'timeout' },
      up: 0,
      failures: ['timeout'],
    },
  ] as const;
  for (const { it: title, state, up, failures } of cases)
    it(title, () => {
      const cluster = { ...NO_CLUSTER, resources: new Map([['keys', state]] as const) };
      const found = list(snapshot({ facts: { cluster } }));
      const samples = (name: string) => found.find(({ metric }) => metric.name === name)?.samples ?? [];
      assert.deepEqual(
        samples('satoken_cluster_up').map(({ value }) => value),
        [up],
      );
      const reasons = samples('satoken_cluster_failure').map(
        ({ labels }) => /reason="(\w+)"/.exec(labels)?.[1],
      );
      assert.deepEqual(reasons, failures);
    });
});
