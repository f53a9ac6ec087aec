/**
 * All facts, judged and counted.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { REASONS, type Reason } from '../../src/core/checks/index.ts';
import { NO_CLUSTER } from '../../src/core/cluster-facts.ts';
import { NO_FACTS } from '../../src/core/facts.ts';
import { advanceHistory, NEW_HISTORY } from '../../src/core/history.ts';
import { MAX_TOKENS } from '../../src/core/limits/node-limit.ts';
import { TOKEN_STATES, type TokenState } from '../../src/core/rotation.ts';
import { createTakeSnapshot } from '../../src/core/snapshot.ts';
import { TOKEN_KINDS, type TokenKind } from '../../src/core/token/token.ts';
import { podFacts, projection } from '../support/cluster.ts';
import { facts, legacyToken, NOW, observation, POD_UID, policy, token } from '../support/tokens.ts';

const YEAR = 31_536_000;
const takeSnapshot = createTakeSnapshot(policy());

/** The counts above zero. */
function counted<K>(counts: ReadonlyMap<K, number>): Readonly<Record<string, number>> {
  return Object.fromEntries([...counts].filter(([, count]) => count > 0));
}

const healthy = token();
const extended = token({ claims: { expiresAt: NOW + YEAR, warnAfter: NOW + 3_607 } });
const future = token({ claims: { issuedAt: NOW + YEAR, notBefore: NOW + YEAR, expiresAt: NOW + 2 * YEAR } });
const free = token({ identity: { volume: 'free' } });

describe('a snapshot without facts', () => {
  const empty = takeSnapshot(NO_FACTS, NOW);
  const tables = [
    { what: 'kind', counts: empty.byKind, keys: TOKEN_KINDS },
    { what: 'state', counts: empty.byState, keys: TOKEN_STATES },
    { what: 'reason of a problem', counts: empty.problems, keys: REASONS },
    { what: 'reason of an unknown verdict', counts: empty.unknowns, keys: REASONS },
  ];
  for (const { what, counts, keys } of tables) {
    it(`counts zero for every ${what}`, () => {
      assert.deepEqual(
        [...counts],
        keys.map((key) => [key, 0]),
      );
    });
  }

  it('has no assessments', () => assert.deepEqual(empty.assessments, []));
});

describe('a snapshot', () => {
  it('has the time, the observation, and its tokens in the same order', () => {
    const seen = observation({ tokens: [healthy, free, legacyToken({ identity: { pod: 'api-0' } })] });
    const snapshot = takeSnapshot(facts({ observation: seen }), NOW);
    assert.equal(snapshot.now, NOW);
    assert.equal(snapshot.observation, seen);
    assert.deepEqual(
      snapshot.assessments.map((assessment) => assessment.token),
      seen.tokens,
    );
  });

  it('has a file that is no token as unreadable, not as missing, where the spec requests one', () => {
    const pod = podFacts({ startedAt: NOW - 300 });
    const { volume = '', path = '' } = pod.projections[0] ?? {};
    const other = { podUid: pod.uid, volume, path, reason: 'empty', detail: 'not a token' } as const;
    const seen = observation({ tokens: [], others: [other] });
    const cluster = { ...NO_CLUSTER, pods: new Map([[pod.uid, pod]]) };
    const snapshot = takeSnapshot(facts({ observation: seen, cluster }), NOW);
    assert.deepEqual([snapshot.observation.unreadable, snapshot.missingNow], [[other], []]);
  });

  it('counts kinds, states, problems and unknown verdicts', () => {
    const tokens = [healthy, extended, future, free, legacyToken(), legacyToken()];
    const { assessments, byKind, byState, problems, unknowns } = takeSnapshot(
      facts({ observation: observation({ tokens }) }),
      NOW,
    );
    assert.deepEqual(counted<TokenKind>(byKind), { projected: 4, legacy: 2 });
    assert.deepEqual(counted<TokenState>(byState), { fresh: 3, not_yet_valid: 1, no_expiry: 2 });
    assert.deepEqual(counted(problems), { not_yet_valid: 1, legacy_token: 2 });
    const needsCluster = {
      service_account_missing: 6,
      service_account_recreated: 6,
      signing_key_unknown: 6,
      signature_invalid: 6,
      issuer_mismatch: 6,
      pod_mismatch: 6,
      token_refused: 6,
      legacy_secret_missing: 6,
    };
    for (const [reason, expected] of Object.entries({ ...needsCluster, audience_mismatch: 3 }))
      assert.equal(unknowns.get(reason as Reason), expected, reason);
    const found = assessments.flatMap(({ results }) =>
      results.filter(({ verdict }) => verdict.status === 'unknown').map(({ check }) => check.reason),
    );
    assert.equal(
      [...unknowns.values()].reduce((sum, number) => sum + number, 0),
      found.length,
    );
  });

  it('counts tokens beyond the limit of the node that the spec names, and assesses those with series', () => {
    const count = MAX_TOKENS + 5;
    const paths = Array.from({ length: count }, (_, index) => `token-${index}`);
    const tokens = paths.map((path) => token({ identity: { path } }));
    const { volume } = healthy.identity;
    const pod = podFacts({ projections: paths.map((path) => projection({ volume, path })) });
    const cluster = { ...NO_CLUSTER, pods: new Map([[pod.uid, pod]]) };
    const snapshot = takeSnapshot(facts({ observation: observation({ tokens }), cluster }), NOW);
    assert.equal(snapshot.assessments.length, MAX_TOKENS);
    assert.equal(snapshot.byKind.get('projected'), count);
    assert.equal(snapshot.withoutSeries, 5);
    assert.deepEqual(snapshot.missingNow, []);
  });

  it('judges at the given time', () => {
    const seen = observation({ tokens: [healthy, extended] });
    const states = [0, 2_880, 3_487, 3_600, 3_607, YEAR].map((after) =>
      counted(takeSnapshot(facts({ observation: seen }), NOW + after).byState),
    );
    assert.deepEqual(states, [
      { fresh: 2 },
      { fresh: 1, refresh_due: 1 },
      { overdue: 2 },
      { overdue: 1, expired: 1 },
      { stale: 1, expired: 1 },
      { expired: 2 },
    ]);
    assert.deepEqual(counted(takeSnapshot(facts({ observation: seen }), NOW + 3_607).problems), {
      expired: 1,
      stale: 1,
      rotation_overdue: 2,
    });
  });

  it('does not include counts of the previous snapshot', () => {
    takeSnapshot(facts({ observation: observation({ tokens: [future] }) }), NOW);
    assert.deepEqual(counted(takeSnapshot(facts(), NOW).problems), {});
  });

  it('counts every token in exactly one kind and one state', () => {
    const tokens = [healthy, extended, future, free, legacyToken()];
    for (const after of [-YEAR, -61, 0, 3_000, 3_600, YEAR]) {
      const { byKind, byState } = takeSnapshot(facts({ observation: observation({ tokens }) }), NOW + after);
      for (const counts of [byKind, byState]) {
        assert.equal(
          [...counts.values()].reduce((sum, count) => sum + count, 0),
          tokens.length,
        );
      }
    }
  });
});

describe('the missing tokens of a snapshot', () => {
  const seen = observation({ tokens: [], scannedAt: NOW });
  const pods = new Map([[POD_UID, podFacts({ startedAt: NOW - 3_600 })]]);
  const at = (podsLostAt: number | undefined) => {
    const before = facts({ observation: seen, cluster: { ...NO_FACTS.cluster, pods, podsLostAt } });
    const history = advanceHistory(takeSnapshot({ ...before, history: NEW_HISTORY }, NOW), NEW_HISTORY);
    return takeSnapshot({ ...before, history }, NOW + 60).missingTokens.length;
  };

  const cases = [
    { it: 'are those that have been missing for a while', podsLostAt: undefined, count: 1 },
    {
      it: 'are not those that went missing just before the pods became out of date',
      podsLostAt: NOW + 9,
      count: 0,
    },
    {
      it: 'are not those that went missing after the pods became out of date',
      podsLostAt: NOW - 1,
      count: 0,
    },
    {
      it: 'are those that were missing for a while before the pods became out of date',
      podsLostAt: NOW + 10,
      count: 1,
    },
  ];
  for (const { it: title, podsLostAt, count } of cases) it(title, () => assert.equal(at(podsLostAt), count));
});
