/**
 * rotation_overdue: the kubelet has not rotated the token within the grace period.
 */
import { describe } from 'mocha';
import type { Token, TokenClaims } from '../../../src/core/token/token.ts';
import { legacyToken, NOW, token } from '../../support/tokens.ts';
import { testCases } from './cases.ts';

const YEAR = 31_536_000;
const JUST = 0.001;

function lasting(lifetime: number, overrides: Partial<TokenClaims> = {}): Token {
  return token({ claims: { expiresAt: NOW + lifetime, ...overrides } });
}

/** Due for a refresh after 480 s; the default grace period is cut to 85 % of the 120 s that are left. */
const tenMinutes = lasting(600);
/** Due after 2,886 s by its requested lifetime. */
const extended = lasting(YEAR, { warnAfter: NOW + 3_607 });

describe('rotation_overdue', () => {
  testCases('rotation_overdue', [
    { it: 'passes when the refresh falls due', token: tenMinutes, after: 480, status: 'pass' },
    { it: 'passes at the end of the grace period', token: tenMinutes, after: 582, status: 'pass' },
    {
      it: 'fails just after the grace period',
      token: tenMinutes,
      after: 582 + JUST,
      status: 'fail',
      detail: 'refresh was due 1m42s ago',
    },
    {
      it: 'fails with a warning just before 60 % of the time until the expiration',
      token: lasting(1_500),
      after: 1_200 + 180 - JUST,
      policy: { rotationGrace: 30 },
      status: 'fail',
      severity: 'warning',
    },
    {
      it: 'is critical after 60 % of the time until the expiration',
      token: lasting(1_500),
      after: 1_200 + 180,
      policy: { rotationGrace: 30 },
      status: 'fail',
      severity: 'critical',
    },
    {
      it: 'stays a warning if that time is shorter than 300 s',
      token: lasting(1_495),
      after: 1_495 - JUST,
      policy: { rotationGrace: 30 },
      status: 'fail',
      severity: 'warning',
    },
    {
      it: 'stays a warning for an extended token, which is accepted long after its requested lifetime',
      token: extended,
      after: 3_607,
      status: 'fail',
      severity: 'warning',
    },
    {
      it: 'stays a warning just before 60 % of the time until the extended expiration',
      token: extended,
      after: 2_886 + 0.6 * (YEAR - 2_886) - 1,
      status: 'fail',
      severity: 'warning',
    },
    {
      it: 'is critical after 60 % of the time until the extended expiration',
      token: extended,
      after: 2_886 + 0.6 * (YEAR - 2_886) + 1,
      status: 'fail',
      severity: 'critical',
    },
    {
      it: 'is critical by the requested lifetime if there is no expiration',
      token: lasting(3_607, { expiresAt: undefined, warnAfter: NOW + 3_607 }),
      after: 2_886 + 433,
      status: 'fail',
      severity: 'critical',
    },
    { it: 'keeps failing after the token has expired', token: tenMinutes, after: YEAR, status: 'fail' },
    {
      it: 'passes an extended token at the end of the grace period',
      token: extended,
      after: 2_886 + 288,
      status: 'pass',
    },
    {
      it: 'fails an extended token after the grace period',
      token: extended,
      after: 2_886 + 289,
      status: 'fail',
    },
    { it: 'keeps failing while the token is stale', token: extended, after: 3_607, status: 'fail' },
    {
      it: 'fails a long-lived token a day after its issue, the most that the kubelet keeps one',
      token: lasting(YEAR),
      after: 86_400 + 301,
      status: 'fail',
    },
    {
      it: 'passes when the refresh falls due if there is no grace period',
      token: tenMinutes,
      after: 480,
      policy: { rotationGrace: 0 },
      status: 'pass',
    },
    {
      it: 'fails just after the refresh falls due if there is no grace period',
      token: tenMinutes,
      after: 480 + JUST,
      policy: { rotationGrace: 0 },
      status: 'fail',
    },
    {
      it: 'passes at the end of a configured grace period',
      token: tenMinutes,
      after: 540,
      policy: { rotationGrace: 60 },
      status: 'pass',
    },
    {
      it: 'fails just after a configured grace period',
      token: tenMinutes,
      after: 540 + JUST,
      policy: { rotationGrace: 60 },
      status: 'fail',
    },
    {
      it: 'passes a token in a Secret volume, which the kubelet does not rotate',
      token: token({ volumeKind: 'secret' }),
      after: YEAR,
      status: 'pass',
    },
    {
      it: 'passes a token that is not bound to a pod, which no kubelet requested',
      token: lasting(600, { pod: undefined }),
      after: YEAR,
      status: 'pass',
    },
    { it: 'passes a legacy token', token: legacyToken(), after: YEAR, status: 'pass' },
    {
      it: 'passes a legacy token in a projected volume',
      token: legacyToken({ volumeKind: 'projected' }),
      after: YEAR,
      status: 'pass',
    },
    {
      it: 'is unknown if the token has no issue time',
      token: lasting(600, { issuedAt: undefined }),
      after: YEAR,
      status: 'unknown',
    },
    {
      it: 'is unknown if the token has no expiration',
      token: lasting(600, { expiresAt: undefined }),
      after: YEAR,
      status: 'unknown',
    },
  ]);
});
