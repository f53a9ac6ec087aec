/**
 * An observation, judged and counted.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { REASONS } from '../../src/core/checks/index.ts';
import { NO_FACTS } from '../../src/core/facts.ts';
import { TOKEN_STATES, type TokenState } from '../../src/core/rotation.ts';
import { createTakeSnapshot } from '../../src/core/snapshot.ts';
import { TOKEN_KINDS, type TokenKind } from '../../src/core/token.ts';
import { facts, legacyToken, NOW, observation, policy, token } from '../support/tokens.ts';

const YEAR = 31_536_000;
const takeSnapshot = createTakeSnapshot(policy());

/** The counts that are not zero. */
function counted<K>(counts: ReadonlyMap<K, number>): Readonly<Record<string, number>> {
  return Object.fromEntries([...counts].filter(([, count]) => count > 0));
}

const healthy = token();
const extended = token({ claims: { expiresAt: NOW + YEAR, warnAfter: NOW + 3_607 } });
const future = token({ claims: { issuedAt: NOW + YEAR, notBefore: NOW + YEAR, expiresAt: NOW + 2 * YEAR } });
const free = token({ identity: { volume: 'free' } });

describe('a snapshot of nothing', () => {
  const empty = takeSnapshot(NO_FACTS, NOW);
  const tables = [
    { what: 'kind', counts: empty.byKind, keys: TOKEN_KINDS },
    { what: 'state', counts: empty.byState, keys: TOKEN_STATES },
    { what: 'reason of a problem', counts: empty.problems, keys: REASONS },
    { what: 'reason not to know', counts: empty.unknowns, keys: REASONS },
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
  it('holds the instant, the observation, and each token in its order', () => {
    const seen = observation({ tokens: [healthy, free, legacyToken()] });
    const snapshot = takeSnapshot(facts({ observation: seen }), NOW);
    assert.equal(snapshot.now, NOW);
    assert.equal(snapshot.observation, seen);
    assert.deepEqual(
      snapshot.assessments.map((assessment) => assessment.token),
      seen.tokens,
    );
  });

  it('counts kinds, states, problems and what it cannot know', () => {
    const tokens = [healthy, extended, future, free, legacyToken(), legacyToken()];
    const { byKind, byState, problems, unknowns } = takeSnapshot(
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
      issuer_mismatch: 4,
      token_refused: 6,
      legacy_secret_missing: 2,
    };
    assert.deepEqual(counted(unknowns), { ...needsCluster, audience_mismatch: 3 });
  });

  it('judges for the instant it is asked for', () => {
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

  it('leaves no count of the snapshot before it', () => {
    takeSnapshot(facts({ observation: observation({ tokens: [future] }) }), NOW);
    assert.deepEqual(counted(takeSnapshot(facts(), NOW).problems), {});
  });

  it('counts every token in one kind and one state', () => {
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
