/**
 * One token judged by all checks.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { createAssess, isFailing, verdictFor } from '../../src/core/assessment.ts';
import { CHECKS, POD_CHECKS } from '../../src/core/checks/index.ts';
import { scheduleOf } from '../../src/core/rotation.ts';
import { legacyToken, NOW, policy, token } from '../support/tokens.ts';

const YEAR = 31_536_000;
const assess = createAssess(policy());
/** Expired, long overdue, of another pod and for another audience. */
const ruined = token({ claims: { audiences: ['other'], pod: { name: 'other', uid: 'another-uid' } } });

describe('an assessment', () => {
  it('tells the token, its schedule, state and expectations', () => {
    const one = token();
    const { token: judged, schedule, state, expectations } = assess(one, NOW);
    assert.equal(judged, one);
    assert.deepEqual(schedule, scheduleOf(one, 600));
    assert.equal(state, 'fresh');
    assert.deepEqual(
      expectations.map(({ audiences }) => audiences),
      [['vault']],
    );
  });

  it('holds a verdict of each check, in the order of the table', () => {
    assert.deepEqual(
      assess(token(), NOW).results.map(({ check }) => check),
      CHECKS,
    );
  });

  it('returns the verdict of a check by its reason', () => {
    const assessment = assess(ruined, NOW);
    for (const { check, verdict } of assessment.results)
      assert.equal(verdictFor(assessment, check.reason), verdict);
  });

  it('has no verdict for a reason that only pods can have', () => {
    const ofTokens = new Set<string>(CHECKS.map(({ reason }) => reason));
    for (const { reason } of POD_CHECKS)
      if (!ofTokens.has(reason)) assert.equal(verdictFor(assess(ruined, NOW), reason), undefined);
  });

  it('returns the previous object while nothing changes', () => {
    const one = token({ claims: { pod: undefined } });
    const before = assess(one, NOW);
    assert.equal(assess(one, NOW + 1), before);
    assert.notEqual(assess(one, NOW + YEAR), before);
  });

  it('works out once what does not change with the clock', () => {
    const one = token();
    const [early, late] = [assess(one, NOW), assess(one, NOW + YEAR)];
    assert.equal(early.schedule, late.schedule);
    assert.equal(early.expectations, late.expectations);
    assert.notEqual(early.state, late.state);
  });

  it('works it out anew for a token that took its place', () => {
    const before = assess(token(), NOW);
    const after = assess(token({ claims: { issuedAt: NOW + 60, expiresAt: NOW + 660 } }), NOW + 60);
    assert.notDeepEqual(before.schedule, after.schedule);
  });

  it('goes by the policy it was made with', () => {
    const strict = createAssess(policy({ rotationGrace: 0, audience: { rules: [], useCatalogue: false } }));
    const { state, expectations } = strict(token(), NOW + 2_881);
    assert.equal(state, 'overdue');
    assert.deepEqual(expectations, []);
    assert.equal(assess(token(), NOW + 2_881).state, 'refresh_due');
  });

  it('calls a token overdue in its state exactly while rotation_overdue fails and nothing worse is true', () => {
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

describe('the failures of an assessment', () => {
  it('are none of a healthy token', () => {
    assert.deepEqual(assess(token(), NOW).failures, []);
    assert.equal(isFailing(assess(token(), NOW)), false);
  });

  it('are not what cannot be judged', () => {
    const unknown = assess(token({ claims: { pod: undefined } }), NOW);
    assert.ok(unknown.results.some(({ verdict }) => verdict.status === 'unknown'));
    assert.equal(isFailing(unknown), false);
  });

  it('are all told, the most urgent first, each with its detail', () => {
    const assessment = assess(ruined, NOW + YEAR);
    assert.deepEqual(
      assessment.failures.map(({ check }) => check.reason),
      ['expired', 'audience_mismatch', 'pod_mismatch', 'rotation_overdue'],
    );
    for (const { detail } of assessment.failures) assert.ok(detail.length > 0);
    assert.equal(isFailing(assessment), true);
  });

  it('tell what is wrong with a legacy token', () => {
    assert.deepEqual(
      assess(legacyToken(), NOW).failures.map(({ check, detail }) => [check.reason, detail]),
      [['legacy_token', 'from the Secret api-token']],
    );
  });
});
