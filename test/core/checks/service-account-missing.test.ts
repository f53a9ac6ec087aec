/**
 * service_account_missing: the service account of the token does not exist.
 */
import { describe } from 'mocha';
import { token } from '../../support/tokens.ts';
import { accounts, testCases } from './cases.ts';

describe('service_account_missing', () => {
  testCases('service_account_missing', [
    { it: 'passes if the service account exists', status: 'pass', failures: [] },
    {
      it: 'passes just under a minute after the token was issued',
      cluster: accounts(),
      after: 60 - 1,
      status: 'pass',
      failures: [],
    },
    {
      it: 'fails a minute after the token was issued',
      cluster: accounts(),
      after: 60,
      status: 'fail',
      detail: 'service account payments/api does not exist',
      failures: ['service_account_missing'],
    },
    {
      it: 'fails for a token without an issue time',
      token: token({ claims: { issuedAt: undefined } }),
      cluster: accounts(),
      after: 0,
      status: 'fail',
    },
    {
      it: 'is unknown without service accounts',
      cluster: { accounts: undefined },
      status: 'unknown',
      detail: 'no service account data from the API server',
    },
  ]);
});
