/**
 * service_account_recreated: the service account was recreated after the token was issued.
 */
import { describe } from 'mocha';
import { token } from '../../support/tokens.ts';
import { accounts, testCases } from './cases.ts';

describe('service_account_recreated', () => {
  testCases('service_account_recreated', [
    { it: 'passes if the service account has the UID in the token', status: 'pass' },
    {
      it: 'fails if the service account has another UID',
      cluster: accounts('another-uid'),
      status: 'fail',
      detail: 'service account has UID another-uid, token has UID 6a1c9c1e-29b5-4c6b-8d57-0f5f1e6f2b11',
      failures: ['service_account_recreated'],
    },
    {
      it: 'passes if the service account does not exist, where service_account_missing fails',
      cluster: accounts(),
      status: 'pass',
      failures: ['service_account_missing'],
    },
    { it: 'is unknown without service accounts', cluster: { accounts: undefined }, status: 'unknown' },
    {
      it: 'is unknown if the token names no UID',
      token: token({ claims: { serviceAccount: { name: 'api', uid: undefined } } }),
      cluster: accounts('another-uid'),
      status: 'unknown',
    },
  ]);
});
