/**
 * token_refused: the API server rejects the token for a reason that no other check explains.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { tokenRefused } from '../../../src/core/checks/token-refused.ts';
import { REJECT_REASONS } from '../../../src/core/cluster-facts.ts';
import { authority } from '../../support/cluster.ts';
import { legacyToken, token } from '../../support/tokens.ts';
import { accepted, accounts, NOT_REVIEWED, rejected, testCases, verdictOf } from './cases.ts';

describe('token_refused', () => {
  testCases('token_refused', [
    { it: 'passes an accepted token', cluster: accepted, status: 'pass' },
    {
      it: 'fails a rejected token if nothing explains the rejection',
      cluster: rejected('invalidated'),
      status: 'fail',
      failures: ['token_refused'],
    },
    {
      it: 'passes a rejected token if its service account is missing',
      cluster: (one) => ({ ...accounts(), ...rejected('account_deleted')(one) }),
      status: 'pass',
      failures: ['service_account_missing'],
    },
    {
      it: 'passes a rejected token if its signing key is unknown',
      cluster: (one) => ({ ...rejected('unknown_key')(one), authority: authority({ keyIds: new Set() }) }),
      status: 'pass',
      failures: ['signing_key_unknown'],
    },
    {
      it: 'passes a rejected token if it has expired',
      cluster: rejected('expired'),
      after: 3_600,
      status: 'pass',
      failures: ['expired', 'rotation_overdue'],
    },
    {
      it: 'fails a legacy token that the control plane marked invalid, and names the label',
      token: legacyToken(),
      cluster: rejected('marked_invalid'),
      status: 'fail',
      detail:
        'TokenReview: the control plane marked it invalid after a year without use, with the label kubernetes.io/legacy-token-invalid-since on its Secret',
      failures: ['legacy_token', 'token_refused'],
    },
    {
      it: 'is unknown for a rejected token whose signature is being verified',
      cluster: (one) => ({
        ...rejected('signature')(one),
        signatures: new Map(),
        pendingSignatures: new Set([one]),
      }),
      status: 'unknown',
    },
    {
      it: 'passes a rejected token whose signature is being verified, if another check explains it',
      cluster: (one) => ({
        ...rejected('expired')(one),
        signatures: new Map(),
        pendingSignatures: new Set([one]),
      }),
      after: 3_600,
      status: 'pass',
      failures: ['expired', 'rotation_overdue'],
    },
    {
      it: 'fails a rejected token whose signature cannot be verified',
      cluster: (one) => ({ ...rejected('other')(one), signatures: new Map() }),
      status: 'fail',
      failures: ['token_refused'],
    },
    { it: 'passes if no TokenReview was requested', cluster: NOT_REVIEWED, status: 'pass' },
    {
      it: 'is unknown without the result of a TokenReview that was requested',
      cluster: (one) => ({ ...NOT_REVIEWED, pendingReviews: new Set([one]) }),
      status: 'unknown',
    },
  ]);

  it('shows how to remove the label of the Secret of a legacy token', () => {
    const steps = tokenRefused.fix(legacyToken());
    assert.ok(
      steps.some((step) =>
        step.startsWith(
          'kubectl label secret api-token -n payments kubernetes.io/legacy-token-invalid-since-',
        ),
      ),
    );
    assert.doesNotMatch(tokenRefused.fix(token()).join(), /legacy-token/);
  });

  for (const reason of REJECT_REASONS) {
    it(`describes the rejection ${reason} in its detail`, () => {
      const verdict = verdictOf('token_refused', token(), { cluster: rejected(reason) });
      assert.ok(verdict.status === 'fail');
      assert.match(verdict.detail, /^TokenReview: \w/);
    });
  }
});
