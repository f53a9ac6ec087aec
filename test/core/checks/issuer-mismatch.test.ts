/**
 * issuer_mismatch: the issuer of the token is not the current issuer of the API server.
 */
import { describe } from 'mocha';
import { authority } from '../../support/cluster.ts';
import { ISSUER, legacyToken, NOW, token } from '../../support/tokens.ts';
import { accepted, classReviewed, NOT_REVIEWED, testCases } from './cases.ts';

const issuer = 'https://another';

describe('issuer_mismatch', () => {
  testCases('issuer_mismatch', [
    { it: 'passes the current issuer', cluster: NOT_REVIEWED, status: 'pass' },
    {
      it: 'fails another issuer',
      cluster: { ...NOT_REVIEWED, authority: authority({ issuer }) },
      status: 'fail',
      detail: `issued by ${ISSUER}; the current issuer is ${issuer}`,
      failures: ['issuer_mismatch'],
    },
    {
      it: 'is unknown if the issuer was read in the second in which the token was issued',
      cluster: { ...NOT_REVIEWED, authority: authority({ issuer, readAt: NOW }) },
      status: 'unknown',
      failures: [],
    },
    {
      it: 'fails if the issuer was read a second after the token was issued',
      cluster: { ...NOT_REVIEWED, authority: authority({ issuer, readAt: NOW + 1 }) },
      status: 'fail',
    },
    {
      it: 'fails another issuer of a token without an issue time',
      token: token({ claims: { issuedAt: undefined } }),
      cluster: { ...NOT_REVIEWED, authority: authority({ issuer }) },
      status: 'fail',
    },
    {
      it: 'passes another issuer if a TokenReview accepts the token',
      cluster: (one) => ({ ...accepted(one), authority: authority({ issuer }) }),
      status: 'pass',
      failures: [],
    },
    {
      it: 'passes another issuer if a TokenReview accepts another token of the class',
      cluster: (one) => ({
        ...classReviewed({ isAccepted: true, isForApiServer: false })(one),
        authority: authority({ issuer }),
      }),
      status: 'pass',
      failures: [],
    },
    {
      it: 'fails another issuer of a token with a wrong signature in an accepted class',
      cluster: (one) => ({
        ...classReviewed({ isAccepted: true, isForApiServer: false })(one),
        authority: authority({ issuer }),
        signatures: new Map([[one, false]]),
      }),
      status: 'fail',
      failures: ['issuer_mismatch', 'signature_invalid'],
    },
    {
      it: 'is unknown while the review of the class is pending',
      cluster: (one) => ({ ...classReviewed('pending')(one), authority: authority({ issuer }) }),
      status: 'unknown',
      failures: [],
    },
    {
      it: 'fails if the API server rejects the token of the class that was reviewed',
      cluster: (one) => ({
        ...classReviewed({ isAccepted: false, reason: 'other' })(one),
        authority: authority({ issuer }),
      }),
      status: 'fail',
    },
    {
      it: 'passes a legacy token, which has an issuer of its own',
      token: legacyToken(),
      cluster: { ...NOT_REVIEWED, authority: authority({ issuer }) },
      status: 'pass',
      failures: ['legacy_token'],
    },
    {
      it: 'is unknown without the issuer',
      cluster: { ...NOT_REVIEWED, authority: undefined },
      status: 'unknown',
    },
  ]);
});
