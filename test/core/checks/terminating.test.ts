/**
 * terminating: the token of a terminating pod expires before the grace period of the pod ends.
 */
import { describe } from 'mocha';
import { NOW, token } from '../../support/tokens.ts';
import { inPod, testCases } from './cases.ts';

const HOUR = 3_600;

/** The default token expires an hour after NOW. */
const ending = (deletedAt: number | undefined) => inPod({ isTerminating: true, deletedAt });

describe('terminating', () => {
  testCases('terminating', [
    { it: 'passes a pod that is not terminating', status: 'pass' },
    {
      it: 'fails a token that expires before the grace period ends',
      cluster: ending(NOW + 3 * HOUR),
      status: 'fail',
      detail: 'expires in 59m0s; the grace period of the pod ends in 2h59m',
      failures: ['terminating'],
    },
    {
      it: 'still fails when the token has expired, as the only check',
      after: HOUR + 60,
      cluster: ending(NOW + 3 * HOUR),
      status: 'fail',
      detail: 'expired 1m0s ago; the grace period of the pod ends in 1h59m',
      failures: ['terminating'],
    },
    {
      it: 'passes a token that expires when the grace period ends',
      cluster: ending(NOW + HOUR),
      status: 'pass',
    },
    {
      it: 'passes a token that expires a minute earlier, until when it is accepted',
      cluster: ending(NOW + HOUR + 60),
      status: 'pass',
    },
    { it: 'fails a token that expires even earlier', cluster: ending(NOW + HOUR + 61), status: 'fail' },
    {
      it: 'passes an expired token if the grace period ends within a minute',
      after: 2 * HOUR,
      cluster: ending(NOW + 2 * HOUR + 60),
      status: 'pass',
      failures: [],
    },
    { it: 'passes a usual grace period of 30 s', cluster: ending(NOW + 90), status: 'pass', failures: [] },
    {
      it: 'passes a token that the API server extended beyond it',
      token: token({ claims: { expiresAt: NOW + 365 * 24 * HOUR, warnAfter: NOW + HOUR } }),
      cluster: ending(NOW + 3 * HOUR),
      status: 'pass',
      failures: [],
    },
    {
      it: 'passes an overdue token that lasts until the grace period ends',
      after: HOUR - 60,
      cluster: ending(NOW + HOUR),
      status: 'pass',
      failures: [],
    },
    {
      it: 'passes a pod whose grace period is not known',
      cluster: ending(undefined),
      status: 'pass',
    },
    {
      it: 'leaves the token to the other checks if the kubelet does not remove the pod in time',
      after: 2 * HOUR,
      cluster: ending(NOW + 2 * HOUR - 91),
      status: 'pass',
      failures: ['expired', 'rotation_overdue'],
    },
    {
      it: 'waits for the kubelet to remove the pod',
      after: 2 * HOUR,
      cluster: ending(NOW + 2 * HOUR - 90),
      status: 'pass',
      failures: [],
    },
    {
      it: 'passes a completed pod',
      cluster: inPod({ isTerminating: true, deletedAt: NOW + 3 * HOUR, phase: 'Succeeded' }),
      status: 'pass',
      failures: [],
    },
  ]);
});
