/**
 * pod_mismatch: the token is bound to a different pod than the one it is mounted in.
 */
import { describe } from 'mocha';
import { legacyToken, token } from '../../support/tokens.ts';
import { testCases } from './cases.ts';

const other = { name: 'other', uid: 'another-uid' };

describe('pod_mismatch', () => {
  testCases('pod_mismatch', [
    { it: 'passes a token of the pod it is mounted in', status: 'pass' },
    {
      it: 'fails a token of another pod',
      token: token({ claims: { pod: other } }),
      status: 'fail',
      detail: 'bound to the pod with UID another-uid',
    },
    {
      it: 'fails a token of another pod with the same name',
      token: token({ claims: { pod: { name: 'api-0', uid: 'another-uid' } } }),
      status: 'fail',
    },
    {
      it: 'fails a token of another pod in a Secret volume',
      token: token({ volumeKind: 'secret', claims: { pod: other } }),
      status: 'fail',
    },
    {
      it: 'is unknown if the token is not bound to a pod',
      token: token({ claims: { pod: undefined } }),
      status: 'unknown',
    },
    {
      it: 'is unknown if the token names no pod UID',
      token: token({ claims: { pod: { name: 'api-0', uid: undefined } } }),
      status: 'unknown',
    },
    { it: 'passes a legacy token, which is never bound to a pod', token: legacyToken(), status: 'pass' },
  ]);
});
