/**
 * One token judged by every check.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { createAssess, isFailing, verdictFor } from '../../src/core/assessment.ts';
import { CHECKS, POD_CHECKS } from '../../src/core/checks/index.ts';
import { type ClusterFacts, NO_CLUSTER, type PodFacts } from '../../src/core/cluster-facts.ts';
import { scheduleOf } from '../../src/core/rotation.ts';
import { authority, clusterAround, podFacts } from '../support/cluster.ts';
import { legacyToken, NOW, POD_UID, policy, token } from '../support/tokens.ts';

const YEAR = 31_536_000;
const assess = createAssess(policy());
/** Expired, overdue, of another pod, and with the wrong audience. */
/** Facts by which the kubelet requested the token, for the audience vault. */
const requested = { ...NO_CLUSTER, pods: clusterAround(token()).pods };
const ruined = token({ claims: { audiences: ['other'], pod: { name: 'other', uid: 'another-uid' } } });

describe('an assessment', () => {
  it('has the token, its schedule, state and expectations', () => {
    const one = token();
    const { token: judged, schedule, state, expectations } = assess(one, NOW);
    assert.equal(judged, one);
    assert.deepEqual(schedule, scheduleOf(one, policy()));
    assert.equal(state, 'fresh');
    assert.deepEqual(
      expectations.map(({ audiences }) => audiences),
      [['vault']],
    );
  });

  it('has the result of every check, in the order of the table', () => {
    assert.deepEqual(
      assess(token(), NOW).results.map(({ check }) => check),
      CHECKS,
    );
  });

  it('computes once what does not depend on the time', () => {
    const one = token();
    const [early, late] = [assess(one, NOW), assess(one, NOW + YEAR)];
    assert.equal(early.schedule, late.schedule);
    assert.equal(early.expectations, late.expectations);
    assert.notEqual(early.state, late.state);
  });

  it('is the previous object while nothing changes', () => {
    const one = token({ claims: { pod: undefined } });
    const before = assess(one, NOW);
    assert.equal(assess(one, NOW + 1), before);
    assert.notEqual(assess(one, NOW + YEAR), before);
  });

  it('follows the cluster facts when they are replaced', () => {
    const one = token();
    const gone = clusterAround(one, { accounts: new Map() });
    assert.equal(isFailing(assess(one, NOW + 60, clusterAround(one))), false);
    assert.equal(isFailing(assess(one, NOW + 60, gone)), true);
    assert.equal(isFailing(assess(one, NOW + 60, clusterAround(one))), false);
  });

  it('is computed again for the token that replaces another', () => {
    const before = assess(token(), NOW);
    const after = assess(token({ claims: { issuedAt: NOW + 60, expiresAt: NOW + 660 } }), NOW + 60);
    assert.notDeepEqual(before.schedule, after.schedule);
  });

  it('depends on the policy', () => {
    const strict = createAssess(policy({ rotationGrace: 0, audience: { rules: [], useCatalogue: false } }));
    const { state, expectations } = strict(token(), NOW + 2_881);
    assert.equal(state, 'overdue');
    assert.deepEqual(expectations, []);
    assert.equal(assess(token(), NOW + 2_881).state, 'refresh_due');
  });

  it('has the state overdue, stale or expired exactly if rotation_overdue fails', () => {
    fc.assert(
      fc.property(fc.integer({ min: -YEAR, max: 2 * YEAR }), fc.boolean(), (after, isExtended) => {
        const claims = isExtended ? { expiresAt: NOW + YEAR, warnAfter: NOW + 3_607 } : {};
        const assessment = assess(token({ claims }), NOW + after);
        const isOverdue = assessment.failures.some(({ check }) => check.reason === 'rotation_overdue');
        const isLate = ['overdue', 'stale', 'expired'].includes(assessment.state);
        assert.equal(isOverdue, isLate);
      }),
    );
  });
});

describe('verdictFor', () => {
  it('returns the verdict of the check with the reason', () => {
    const assessment = assess(ruined, NOW);
    for (const { check, verdict } of assessment.results)
      assert.equal(verdictFor(assessment, check.reason), verdict);
  });

  it('returns undefined for the reason of a check of pods', () => {
    const ofTokens = new Set<string>(CHECKS.map(({ reason }) => reason));
    for (const { reason } of POD_CHECKS)
      if (!ofTokens.has(reason)) assert.equal(verdictFor(assess(ruined, NOW), reason), undefined);
  });
});

describe('the failures of an assessment', () => {
  it('are empty for a healthy token', () => {
    assert.deepEqual(assess(token(), NOW).failures, []);
    assert.equal(isFailing(assess(token(), NOW)), false);
  });

  it('are empty for a healthy token in a healthy cluster', () => {
    const one = token();
    assert.deepEqual(assess(one, NOW + 60, clusterAround(one)).failures, []);
  });

  it('do not include unknown verdicts', () => {
    const unknown = assess(token({ claims: { pod: undefined } }), NOW);
    assert.ok(unknown.results.some(({ verdict }) => verdict.status === 'unknown'));
    assert.equal(isFailing(unknown), false);
  });

  it('are every failed check, most urgent first, with its detail', () => {
    const assessment = assess(ruined, NOW + YEAR, requested);
    assert.deepEqual(
      assessment.failures.map(({ check }) => check.reason),
      ['expired', 'audience_mismatch', 'pod_mismatch', 'rotation_overdue'],
    );
    for (const { detail } of assessment.failures) assert.ok(detail.length > 0);
    assert.equal(isFailing(assessment), true);
  });

  it('name what is wrong with a legacy token', () => {
    assert.deepEqual(
      assess(legacyToken(), NOW).failures.map(({ check, detail }) => [check.reason, detail]),
      [['legacy_token', 'from Secret api-token']],
    );
  });
});

describe('the failures of a token in an inactive pod', () => {
  const one = token();
  const wrong: Partial<ClusterFacts> = {
    accounts: new Map(),
    authority: authority({ issuer: 'https://another' }),
    reviews: new Map([[one, { isAccepted: false, reason: 'other' }]]),
  };
  const failuresIn = (pods: Partial<PodFacts> | undefined) => {
    const found = pods === undefined ? [] : [[POD_UID, podFacts(pods)] as const];
    return assess(one, NOW + 60, clusterAround(one, { ...wrong, pods: new Map(found) })).failures;
  };

  it('would not be empty if the pod were running', () => assert.notEqual(failuresIn({}).length, 0));
  const cases = [
    { it: 'are empty if the pod is terminating', pod: { isTerminating: true } },
    { it: 'are empty if the pod has succeeded', pod: { phase: 'Succeeded' } },
    { it: 'are empty if the pod has failed', pod: { phase: 'Failed' } },
    { it: 'are empty if the API server no longer has the pod', pod: undefined },
  ];
  for (const { it: title, pod } of cases) it(title, () => assert.deepEqual(failuresIn(pod), []));
});
