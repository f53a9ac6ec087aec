/**
 * unread: no read of the token was observed since the containers started.
 */
import { describe } from 'mocha';
import { containerFacts } from '../../support/cluster.ts';
import { readAgain, readOnce, tokenReads } from '../../support/reads.ts';
import { NOW, token } from '../../support/tokens.ts';
import { inPod, testCases } from './cases.ts';

const DAY = 86_400;
const cluster = inPod({ containers: [containerFacts({ startedAt: NOW - DAY })] });
const mount = { appearedAt: NOW - 2 * DAY, isStacked: false, bootedAt: NOW - 30 * DAY };
const own = token({ mount });
const after = 0;

describe('unread', () => {
  testCases('unread', [
    { it: 'passes if reads are not watched', status: 'pass', after },
    { it: 'passes a token that is read again', status: 'pass', after, reads: readAgain(), cluster },
    {
      it: 'passes a token that was read once',
      status: 'pass',
      after,
      reads: readOnce(),
      token: own,
      cluster,
    },
    {
      it: 'is unknown for a volume that is not watched',
      status: 'unknown',
      after,
      reads: 'unwatched',
      detail: 'its volume is not watched',
      cluster,
    },
    {
      it: 'is unknown without data on the pod',
      status: 'unknown',
      after,
      reads: tokenReads(),
      cluster: { pods: undefined },
    },
    {
      it: 'is unknown if the containers started before the watch',
      status: 'unknown',
      after,
      reads: tokenReads({ completeSince: NOW - DAY + 1 }),
      cluster,
    },
    {
      it: 'is info without a read since the containers started',
      status: 'fail',
      severity: 'info',
      after,
      token: own,
      reads: tokenReads(),
      detail:
        'no read observed in 40 complete generations, watched since 2d0h ago (a reader that acts within a fraction of a millisecond of the rotation is not seen)',
      failures: ['unread'],
      cluster,
    },
  ]);
});
