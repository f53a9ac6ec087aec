/**
 * legacy_secret_missing: the Secret of a legacy token does not exist.
 */
import { describe } from 'mocha';
import type { PodFacts, PodSecret } from '../../../src/core/cluster-facts.ts';
import { legacyToken } from '../../support/tokens.ts';
import { NOT_REVIEWED, rejected, SETTLED, testCases, testPodCases } from './cases.ts';

describe('legacy_secret_missing of a mounted token', () => {
  testCases('legacy_secret_missing', [
    { it: 'passes an accepted legacy token', token: legacyToken(), status: 'pass' },
    {
      it: 'fails a legacy token that the API server rejects as invalidated',
      token: legacyToken(),
      cluster: rejected('invalidated'),
      status: 'fail',
      detail: 'Secret payments/api-token was deleted',
      failures: ['legacy_secret_missing', 'legacy_token'],
    },
    {
      it: 'fails a legacy token that names no Secret',
      token: legacyToken({ claims: { secret: undefined } }),
      cluster: rejected('invalidated'),
      status: 'fail',
      detail: 'its Secret in payments was deleted',
    },
    {
      it: 'passes a legacy token that the API server rejects for another reason',
      token: legacyToken(),
      cluster: rejected('signature'),
      status: 'pass',
    },
    { it: 'passes a projected token', cluster: rejected('invalidated'), status: 'pass' },
    {
      it: 'is unknown without a TokenReview',
      token: legacyToken(),
      cluster: NOT_REVIEWED,
      status: 'unknown',
    },
  ]);
});

/** A pending pod that mounts one Secret, named as the token controller named them until v1.24. */
function pending(secret: Partial<PodSecret> = {}, pod: Partial<PodFacts> = {}): Partial<PodFacts> {
  const mounted = {
    volume: 'legacy',
    secretName: 'api-token-x2k4z',
    isOptional: false,
    isMounted: true,
    isAtTokenPath: false,
  };
  return { phase: 'Pending', projections: [], secrets: [{ ...mounted, ...secret }], ...pod };
}

describe('legacy_secret_missing of a pending pod', () => {
  testPodCases('legacy_secret_missing', [
    {
      it: 'fails for a Secret with the name of a token Secret',
      pod: pending(),
      failures: ['legacy_secret_missing'],
      detail: 'the pod is waiting for Secret api-token-x2k4z',
    },
    {
      it: 'fails for a Secret mounted at the path of a token',
      pod: pending({ secretName: 'x', isAtTokenPath: true }),
      failures: ['legacy_secret_missing'],
    },
    { it: 'passes any other Secret', pod: pending({ secretName: 'password' }), failures: [] },
    { it: 'passes an optional Secret', pod: pending({ isOptional: true }), failures: [] },
    { it: 'passes a Secret that no container mounts', pod: pending({ isMounted: false }), failures: [] },
    { it: 'passes a running pod', pod: pending({}, { phase: 'Running' }), failures: [] },
    {
      it: 'passes a pod that started less than two minutes before the scan',
      pod: pending({}, { startedAt: SETTLED + 1 }),
      failures: [],
    },
  ]);
});
