/**
 * expired: the token is past its expiration.
 */
import { describe } from 'mocha';
import { NO_CLUSTER } from '../../../src/core/cluster-facts.ts';
import { legacyToken, NOW, token } from '../../support/tokens.ts';
import { testCases } from './cases.ts';

const YEAR = 31_536_000;
const tenMinutes = token({ claims: { expiresAt: NOW + 600 } });
const extended = token({ claims: { expiresAt: NOW + YEAR, warnAfter: NOW + 3_607 } });

describe('expired', () => {
  testCases('expired', [
    { it: 'passes just before the expiration', token: tenMinutes, after: 600 - 0.001, status: 'pass' },
    {
      it: 'fails at the expiration',
      token: tenMinutes,
      after: 600,
      status: 'fail',
      detail: 'expired 0s ago',
      severity: 'critical',
    },
    {
      it: 'keeps failing after the expiration',
      token: tenMinutes,
      after: 720,
      status: 'fail',
      detail: 'expired 2m0s ago',
    },
    { it: 'passes a stale token, which has not expired', token: extended, after: YEAR - 1, status: 'pass' },
    { it: 'fails a stale token at its expiration', token: extended, after: YEAR, status: 'fail' },
    {
      it: 'fails a token in a Secret volume as info: it is not of this cluster',
      token: token({ volumeKind: 'secret' }),
      after: 3_600,
      status: 'fail',
      severity: 'info',
    },
    {
      it: 'is critical for a token of unknown origin',
      after: 3_600,
      cluster: NO_CLUSTER,
      status: 'fail',
      severity: 'critical',
    },
    {
      it: 'passes a legacy token, which has no expiration',
      token: legacyToken(),
      after: 100 * YEAR,
      status: 'pass',
    },
    { it: 'passes a token that is not valid yet', token: tenMinutes, after: -YEAR, status: 'pass' },
  ]);
});
