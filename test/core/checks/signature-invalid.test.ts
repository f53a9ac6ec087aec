/**
 * signature_invalid: the signature does not match the key named in the token header.
 */
import { describe } from 'mocha';
import { token } from '../../support/tokens.ts';
import { testCases } from './cases.ts';

describe('signature_invalid', () => {
  testCases('signature_invalid', [
    { it: 'passes a valid signature', status: 'pass' },
    {
      it: 'fails an invalid signature',
      cluster: (one) => ({ signatures: new Map([[one, false]]) }),
      status: 'fail',
      detail: 'not signed with key key-1',
      failures: ['signature_invalid'],
    },
    {
      it: 'fails an invalid signature if the token names no key',
      token: token({ claims: { keyId: undefined } }),
      cluster: (one) => ({ signatures: new Map([[one, false]]) }),
      status: 'fail',
      detail: 'not signed with key (unnamed)',
    },
    {
      it: 'is unknown if the signature was not verified',
      cluster: { signatures: new Map() },
      status: 'unknown',
    },
  ]);
});
