/**
 * The order in which tokens are shown.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type ClusterFacts, NO_CLUSTER } from '../../../src/core/cluster-facts.ts';
import { NO_FACTS } from '../../../src/core/facts.ts';
import { byUrgency } from '../../../src/core/problems/urgency.ts';
import { createTakeSnapshot } from '../../../src/core/snapshot.ts';
import type { Token, TokenClaims } from '../../../src/core/token/token.ts';
import { podFacts } from '../../support/cluster.ts';
import { NOW, observation, policy, token } from '../../support/tokens.ts';

const HOUR = 3_600;
const YEAR = 31_536_000;

function named(volume: string, claims: Partial<TokenClaims> = {}): Token {
  return token({ claims, identity: { volume } });
}

function orderOf(tokens: readonly Token[], cluster: ClusterFacts = NO_CLUSTER): readonly string[] {
  const facts = { ...NO_FACTS, observation: observation({ tokens }), cluster };
  const { assessments } = createTakeSnapshot(policy())(facts, NOW);
  return byUrgency(assessments, NOW).map((assessment) => assessment.token.identity.volume);
}

const EXPIRED = { issuedAt: NOW - HOUR - 1, expiresAt: NOW - 1 };
const EXPIRED_LONG_AGO = { issuedAt: NOW - 3 * HOUR, expiresAt: NOW - 2 * HOUR };
/** Past its requested lifetime, and extended to a year. */
const STALE = { issuedAt: NOW - 5 * HOUR, warnAfter: NOW - 4 * HOUR, expiresAt: NOW + YEAR };
const OVERDUE = { issuedAt: NOW - 590, expiresAt: NOW + 10 };
const LATE = { issuedAt: NOW - 890, expiresAt: NOW + 5 };

describe('byUrgency', () => {
  it('places an expired token above a stale one', () => {
    assert.deepEqual(orderOf([named('stale', STALE), named('expired', EXPIRED)]), ['expired', 'stale']);
  });

  it('orders tokens of the same severity by the time left until rejection', () => {
    assert.deepEqual(orderOf([named('b', OVERDUE), named('a', LATE)]), ['a', 'b']);
    const expired = [named('b', EXPIRED), named('a', EXPIRED_LONG_AGO)];
    assert.deepEqual(orderOf(expired), ['a', 'b']);
  });

  it('orders by severity before time: critical, warning, info, healthy', () => {
    const foreign = token({ volumeKind: 'secret', claims: EXPIRED_LONG_AGO, identity: { volume: 'info' } });
    const tokens = [named('healthy'), foreign, named('warning', STALE), named('critical', EXPIRED)];
    assert.deepEqual(orderOf(tokens), ['critical', 'warning', 'info', 'healthy']);
  });

  it('takes a token that is rejected for another reason for one that has no time left', () => {
    const cluster = { ...NO_CLUSTER, pods: new Map([['u', podFacts({ uid: 'u' })]]), accounts: new Map() };
    const rejected = token({
      claims: { issuedAt: NOW - 120, pod: { name: 'api-0', uid: 'u' }, expiresAt: NOW + YEAR },
      identity: { podUid: 'u', volume: 'vault-token' },
    });
    const overdue = named('overdue', { ...STALE, warnAfter: NOW + 10, expiresAt: NOW + 3 * YEAR });
    assert.deepEqual(orderOf([overdue, rejected], cluster), ['vault-token', 'overdue']);
  });

  it('orders healthy tokens by their next refresh', () => {
    const later = named('later', { issuedAt: NOW, expiresAt: NOW + 2 * HOUR });
    assert.deepEqual(orderOf([later, named('sooner')]), ['sooner', 'later']);
  });
});
