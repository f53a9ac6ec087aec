/**
 * subpath_frozen: a container keeps a token that was replaced in its volume.
 */
import { describe } from 'mocha';
import type { Token, TokenClaims } from '../../../src/core/token/token.ts';
import { clusterAround, podFacts } from '../../support/cluster.ts';
import { NOW, token } from '../../support/tokens.ts';
import { inPod, testCases } from './cases.ts';

const DAY = 86_400;
const YEAR = 365 * DAY;

/** The copy of a container that runs, replaced at NOW + 1. */
function copy(claims: Partial<TokenClaims> = {}, replacedAt: number | undefined = NOW + 1): Token {
  return token({
    volumeKind: 'subpath',
    claims,
    identity: { path: 'subPath://main/0' },
    copy: { container: 'main', replacedAt },
  });
}

const extended = copy({ expiresAt: NOW + YEAR, warnAfter: NOW + 3_607 });
const month = copy({ expiresAt: NOW + 30 * DAY });
const hour = copy({ expiresAt: NOW + 3_600 });

describe('subpath_frozen', () => {
  testCases('subpath_frozen', [
    { it: 'passes a token in a volume', status: 'pass' },
    {
      it: 'passes a copy that its volume still has',
      token: token({
        volumeKind: 'subpath',
        identity: { path: 'subPath://main/0' },
        copy: { container: 'main', replacedAt: undefined },
      }),
      status: 'pass',
    },
    {
      it: 'is info for a copy with seven days left',
      token: extended,
      after: YEAR - 7 * DAY,
      status: 'fail',
      severity: 'info',
      detail: 'container main keeps a token that was replaced 357d23h ago and expires in 7d0h',
    },
    {
      it: 'is a warning for a copy with less than seven days left',
      token: extended,
      after: YEAR - 7 * DAY + 1,
      status: 'fail',
      severity: 'warning',
    },
    {
      it: 'is a warning for a copy with as much time left as a rotation may take',
      token: hour,
      after: 3_600 - 720,
      status: 'fail',
      severity: 'warning',
    },
    {
      it: 'is critical for a copy with less time left than a rotation may take',
      token: hour,
      after: 3_600 - 719,
      status: 'fail',
      severity: 'critical',
    },
    {
      it: 'is info for a copy of a month that was replaced after a day',
      token: month,
      after: 2 * DAY,
      status: 'fail',
      severity: 'info',
    },
    {
      it: 'is a warning for a copy of a month with as much time left as a rotation of a day may take',
      token: month,
      after: 30 * DAY - 17_280,
      status: 'fail',
      severity: 'warning',
    },
    {
      it: 'is critical for a copy of a month with less time left than a rotation of a day may take',
      token: month,
      after: 30 * DAY - 17_279,
      status: 'fail',
      severity: 'critical',
    },
    {
      it: 'stays critical after the copy has expired, which fails as well',
      token: hour,
      after: 3_660,
      status: 'fail',
      severity: 'critical',
      failures: ['expired', 'subpath_frozen'],
    },
    {
      it: 'is unknown if the containers of the pod are not known',
      token: hour,
      after: 3_660,
      cluster: (one) => ({ ...clusterAround(one), pods: undefined }),
      status: 'unknown',
    },
    {
      it: 'is unknown if its container is not known',
      token: hour,
      after: 3_660,
      cluster: inPod({ containers: [], hasUnknownContainers: true }),
      status: 'unknown',
    },
    {
      it: 'passes a copy of a token that the pod does not request',
      token: hour,
      after: 3_660,
      cluster: { pods: new Map([[hour.identity.podUid, podFacts({ projections: [] })]]) },
      status: 'pass',
    },
    {
      it: 'fails together with expired only',
      token: copy({
        issuer: 'https://elsewhere.example',
        audiences: ['valut'],
        keyId: 'gone',
        expiresAt: NOW + 3_600,
        serviceAccount: { name: 'other', uid: 'other' },
      }),
      after: 3_660,
      status: 'fail',
      failures: ['expired', 'subpath_frozen'],
    },
  ]);
});
