/**
 * Tokens, pods and claims to look up in the API server.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { NO_FACTS } from '../../src/core/facts.ts';
import { lookupTargetsOf } from '../../src/core/lookup-targets.ts';
import { NO_REVIEW_TARGETS } from '../../src/core/reviews/review-targets.ts';
import { createTakeSnapshot } from '../../src/core/snapshot.ts';
import { clusterAround, podFacts } from '../support/cluster.ts';
import { facts, legacyToken, NOW, observation, POD_UID, policy, token } from '../support/tokens.ts';

const takeSnapshot = createTakeSnapshot(policy());
const healthy = token();

describe('lookupTargetsOf', () => {
  const inPod = (podUid: string, expiresAt: number) =>
    token({ identity: { podUid }, claims: { pod: { name: podUid, uid: podUid }, expiresAt } });

  it('returns nothing for a healthy node', () => {
    const snapshot = takeSnapshot(facts({ observation: observation() }), NOW);
    assert.deepEqual(lookupTargetsOf(snapshot, { tokenReview: 'suspect' }), {
      reviews: NO_REVIEW_TARGETS,
      pods: [],
      claims: [],
    });
  });

  it('returns tokens of this cluster that fail a check', () => {
    const tokens = [healthy, legacyToken({ identity: { pod: 'api-0' } })];
    const cluster = { ...clusterAround(legacyToken()), signatures: new Map([[tokens[1] ?? healthy, true]]) };
    const snapshot = takeSnapshot(facts({ observation: observation({ tokens }), cluster }), NOW);
    assert.deepEqual(lookupTargetsOf(snapshot, { tokenReview: 'suspect' }), {
      reviews: { ...NO_REVIEW_TARGETS, tokens: [tokens[1]] },
      pods: [],
      claims: [],
    });
  });

  it('returns no token of another origin', () => {
    const elsewhere = { volumeKind: 'secret', claims: { expiresAt: NOW - 1, issuedAt: NOW - 600 } } as const;
    const tokens = [legacyToken(), token(elsewhere), token({ claims: { expiresAt: NOW } })];
    const snapshot = takeSnapshot(facts({ observation: observation({ tokens }) }), NOW);
    assert.equal(snapshot.assessments.filter(({ failures }) => failures.length > 0).length, 3);
    assert.deepEqual(lookupTargetsOf(snapshot, { tokenReview: 'all' }).reviews, NO_REVIEW_TARGETS);
  });

  it('returns each pod with overdue tokens once', () => {
    const tokens = [inPod('a', NOW + 600), inPod('a', NOW + 600), inPod('b', NOW + 86_400)];
    const snapshot = takeSnapshot(facts({ observation: observation({ tokens }) }), NOW + 599);
    assert.deepEqual(lookupTargetsOf(snapshot, { tokenReview: 'suspect' }), {
      // Without data from the API server, it is not known whose tokens they are.
      reviews: NO_REVIEW_TARGETS,
      pods: [{ uid: 'a', namespace: 'payments' }],
      claims: [],
    });
  });

  it('returns pods with missing tokens', () => {
    const cluster = { ...NO_FACTS.cluster, pods: new Map([[POD_UID, podFacts()]]) };
    const snapshot = takeSnapshot(facts({ observation: observation({ tokens: [] }), cluster }), NOW);
    assert.deepEqual(lookupTargetsOf(snapshot, { tokenReview: 'suspect' }), {
      reviews: NO_REVIEW_TARGETS,
      pods: [{ uid: POD_UID, namespace: 'payments' }],
      claims: [],
    });
  });

  it('returns each claim of a pod with overdue tokens once', () => {
    const tokens = [healthy, token({ identity: { path: 'other' } })];
    const pods = new Map([[POD_UID, podFacts({ claims: ['data', 'logs'] })]]);
    const seen = facts({ observation: observation({ tokens }), cluster: { ...NO_FACTS.cluster, pods } });
    const claimsAt = (now: number) =>
      lookupTargetsOf(takeSnapshot(seen, now), { tokenReview: 'suspect' }).claims;
    assert.deepEqual(claimsAt(NOW), []);
    assert.deepEqual(claimsAt(NOW + 3_599), [
      { namespace: 'payments', name: 'data' },
      { namespace: 'payments', name: 'logs' },
    ]);
  });
});
