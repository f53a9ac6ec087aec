/**
 * The pod is terminating, and the token expires before its grace period ends: containers that are still running lose
 * their access.
 *
 * The kubelet stops refreshing tokens once the pod is marked for deletion (kubernetes#122102, kubernetes#116481).
 */
import { formatRelative } from '../../util/duration.ts';
import { ALWAYS } from '../problems/severity.ts';
import { type Check, fail, PASS } from './check.ts';
import { findPod, podArguments } from './commands.ts';

/** The API server accepts a token for a minute after its expiration, and the usual grace period is half of that. */
const MIN_SECONDS = 60;

export const terminating = {
  reason: 'terminating',
  summary:
    'The token expires before the grace period of its terminating pod ends; it is no longer refreshed.',
  severities: { warning: ALWAYS },
  appliesTo: ['kubelet', 'unknown'],
  isForLeaving: true,
  runbook: 'SATokenTerminating',
  judge: ({ stage, token: { claims }, context: { pod } }, now) => {
    if (stage !== 'terminating' || pod === undefined || pod === 'absent') return PASS;
    const { deletedAt } = pod;
    const { expiresAt } = claims;
    if (deletedAt === undefined || expiresAt === undefined) return PASS;
    if (deletedAt - Math.max(now, expiresAt) <= MIN_SECONDS) return PASS;
    const expires = `${now < expiresAt ? 'expires' : 'expired'} ${formatRelative(now, expiresAt)}`;
    const ends = `${now < deletedAt ? 'ends' : 'ended'} ${formatRelative(now, deletedAt)}`;
    return fail(`${expires}; the grace period of the pod ${ends}`, 'warning');
  },
  fix: (token) => [
    ...findPod(token),
    `kubectl get pod ${podArguments(token)} -o jsonpath='{.metadata.deletionTimestamp} {.spec.terminationGracePeriodSeconds}'  # when must it have ended?`,
    'systemctl restart kubelet  # on the node: requests new tokens once, even for a terminating pod',
    `kubectl delete pod ${podArguments(token)} --grace-period=60  # if its remaining work can be given up: ends it sooner`,
  ],
} as const satisfies Check;
