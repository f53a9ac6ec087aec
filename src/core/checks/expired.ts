/**
 * The token is past its `exp`: the API server rejects it.
 *
 * rotation_overdue says since when a newer token has been due.
 */
import { formatRelative } from '../../util/duration.ts';
import { ORIGINS } from '../origin.ts';
import { type Check, fail, PASS } from './check.ts';
import { accountArguments, findPod, KUBELET_LOG, podArguments } from './commands.ts';

export const expired = {
  reason: 'expired',
  summary: 'The token has expired; the API server rejects it.',
  severities: {
    critical: 'the token is of this cluster, or its origin is not known',
    info: 'the token is of another party',
  },
  appliesTo: ORIGINS,
  isForCopies: true,
  runbook: 'SATokenExpired',
  judge: ({ token: { claims }, context: { origin } }, now) => {
    if (claims.expiresAt === undefined || now < claims.expiresAt) return PASS;
    return fail(
      `expired ${formatRelative(now, claims.expiresAt)}`,
      origin === 'foreign' ? 'info' : 'critical',
    );
  },
  fix: (token) => [
    ...findPod(token),
    `kubectl describe pod ${podArguments(token)}  # a FailedMount event names the cause`,
    `kubectl get serviceaccount ${accountArguments(token)}  # must exist`,
    `${KUBELET_LOG}  # on the node`,
    `kubectl delete pod ${podArguments(token)}  # after the cause is fixed: a new pod gets a new token`,
  ],
} as const satisfies Check;
