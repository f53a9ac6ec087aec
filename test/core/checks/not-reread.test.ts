/**
 * not_reread: a container read the token, and none of those that replaced it.
 */
import { describe } from 'mocha';
import { containerFacts } from '../../support/cluster.ts';
import { readAgain, readOnce, tokenReads } from '../../support/reads.ts';
import { NOW, token } from '../../support/tokens.ts';
import { inPod, testCases } from './cases.ts';

const DAY = 86_400;
const YEAR = 365 * DAY;
const cluster = inPod({ containers: [containerFacts({ startedAt: NOW - DAY })] });
const mount = { appearedAt: NOW - 2 * DAY, isStacked: false, bootedAt: NOW - 30 * DAY };
const own = token({ mount });
const extended = token({ mount, claims: { expiresAt: NOW + YEAR, warnAfter: NOW + 3_607 } });

describe('not_reread', () => {
  testCases('not_reread', [
    { it: 'passes if reads are not watched', status: 'pass', after: 0 },
    { it: 'passes a token that is read again', status: 'pass', after: 0, reads: readAgain(), cluster },
    {
      it: 'passes a token that is not read at all',
      status: 'pass',
      after: 0,
      reads: tokenReads(),
      token: own,
      cluster,
    },
    {
      it: 'is unknown for a volume that is not watched',
      status: 'unknown',
      after: 0,
      reads: 'unwatched',
      detail: 'its volume is not watched',
      cluster,
    },
    {
      it: 'is unknown after two generations without a read',
      status: 'unknown',
      after: 0,
      reads: readOnce({ withoutRead: 2, generations: 4 }),
      detail: 'last read 5h0m ago, 4 complete generations observed, first watched 2d0h ago',
      cluster,
    },
    {
      it: 'is unknown before the first read',
      status: 'unknown',
      after: 0,
      reads: tokenReads({ withoutRead: 1, generations: 1 }),
      detail: 'no read, 1 complete generation observed, first watched 2d0h ago',
      cluster,
    },
    {
      it: 'is a warning for a token that the API server does not extend',
      status: 'fail',
      severity: 'warning',
      after: 0,
      token: own,
      reads: readOnce(),
      detail:
        'last read 5h0m ago, not in the 5 complete generations since; may hold a copy that expired 4h10m ago at the latest',
      failures: ['not_reread'],
      cluster,
    },
    {
      it: 'says that a copy of a default token may have been extended, before that was disabled',
      token: token({ mount, claims: { issuedAt: NOW, expiresAt: NOW + 3_607 } }),
      status: 'fail',
      severity: 'warning',
      after: 0,
      reads: readOnce(),
      detail:
        'last read 5h0m ago, not in the 5 complete generations since; may hold a copy that expired 4h9m ago at the latest, unless the API server extended it',
      cluster,
    },
    {
      it: 'is info for a token that the API server extends',
      token: extended,
      status: 'fail',
      severity: 'info',
      after: 0,
      reads: readOnce(),
      detail:
        'last read 5h0m ago, not in the 5 complete generations since; may hold a copy that expires in 364d18h at the latest',
      failures: ['not_reread'],
      cluster,
    },
  ]);
});
