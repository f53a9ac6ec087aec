/**
 * token_refused: the API server rejects the token for a reason that no other check explains.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { REJECT_REASONS } from '../../../src/core/cluster-facts.ts';
import { authority } from '../../support/cluster.ts';
import { token } from '../../support/tokens.ts';
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
    { it: 'is unknown without a TokenReview', cluster: NOT_REVIEWED, status: 'unknown' },
  ]);

  for (const reason of REJECT_REASONS) {
    it(`describes the rejection ${reason} in its detail`, () => {
      const verdict = verdictOf('token_refused', token(), { cluster: rejected(reason) });
      assert.ok(verdict.status === 'fail');
      assert.match(verdict.detail, /^TokenReview: \w/);
    });
  }
});
