/**
 * not_yet_valid: the token is not valid yet.
 */
import { describe } from 'mocha';
import { NOW, token } from '../../support/tokens.ts';
import { testCases } from './cases.ts';

const YEAR = 31_536_000;
const tenMinutes = token({ claims: { expiresAt: NOW + 600 } });

describe('not_yet_valid', () => {
  testCases('not_yet_valid', [
    {
      it: 'fails just beyond the leeway of the API server',
      token: tenMinutes,
      after: -60 - 0.001,
      status: 'fail',
      detail: 'becomes valid in 1m0s',
    },
    { it: 'passes at the leeway of the API server', token: tenMinutes, after: -60, status: 'pass' },
    { it: 'passes from nbf on', token: tenMinutes, after: 0, status: 'pass' },
    {
      it: 'uses the later of nbf and iat',
      token: token({ claims: { notBefore: NOW + 100, expiresAt: NOW + 600 } }),
      after: 39,
      status: 'fail',
      detail: 'becomes valid in 1m1s',
    },
    {
      it: 'passes a token with neither nbf nor iat',
      token: token({ claims: { notBefore: undefined, issuedAt: undefined, expiresAt: NOW + 600 } }),
      after: -NOW,
      status: 'pass',
    },
    { it: 'passes an expired token', token: tenMinutes, after: YEAR, status: 'pass' },
  ]);
});
