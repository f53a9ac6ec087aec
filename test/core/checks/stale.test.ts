/**
 * stale: the token is past its requested lifetime, but the API server extended it.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { stale } from '../../../src/core/checks/stale.ts';
import { NO_CLUSTER } from '../../../src/core/cluster-facts.ts';
import { contextOf } from '../../../src/core/context.ts';
import { NOTHING_REMEMBERED } from '../../../src/core/origin.ts';
import { legacyToken, NOW, token } from '../../support/tokens.ts';
import { testCases } from './cases.ts';

const YEAR = 31_536_000;
const JUST = 0.001;
const extended = token({ claims: { expiresAt: NOW + YEAR, warnAfter: NOW + 3_607 } });

describe('stale', () => {
  testCases('stale', [
    { it: 'passes just before the nominal expiration', token: extended, after: 3_607 - JUST, status: 'pass' },
    {
      it: 'fails at the nominal expiration',
      token: extended,
      after: 3_607,
      status: 'fail',
      detail: 'requested lifetime ended 0s ago',
    },
    { it: 'fails just before the expiration', token: extended, after: YEAR - JUST, status: 'fail' },
    { it: 'passes at the expiration, where expired fails', token: extended, after: YEAR, status: 'pass' },
    {
      it: 'passes a token that was not extended',
      token: token({ claims: { expiresAt: NOW + 600 } }),
      after: 600,
      status: 'pass',
    },
    { it: 'passes a legacy token, which has no lifetime', token: legacyToken(), after: YEAR, status: 'pass' },
    {
      it: 'fails a token with a requested lifetime and no expiration',
      token: token({ claims: { expiresAt: undefined, warnAfter: NOW + 600 } }),
      after: 600,
      status: 'fail',
    },
  ]);

  it('passes if the nominal expiration is not known', () => {
    const one = token();
    const schedule = { nominalExpiration: undefined, refreshDue: undefined, overdueFrom: undefined };
    const context = contextOf(one, NO_CLUSTER, NOTHING_REMEMBERED);
    const input = {
      token: one,
      schedule,
      state: 'stale',
      stage: 'active',
      expectations: [],
      context,
      reads: undefined,
      habit: undefined,
    } as const;
    assert.equal(stale.judge(input, NOW).status, 'pass');
  });
});
