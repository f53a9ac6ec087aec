/**
 * The token in the file is past its `exp`: the API server refuses it.
 *
 * Knows nothing of why no newer token came; rotation_overdue tells since when one should have.
 */
import { formatRelative } from '../format.ts';
import { type Check, fail, PASS } from './check.ts';
import { accountArguments, findPod, KUBELET_LOG, podArguments } from './commands.ts';

export const expired = {
  reason: 'expired',
  summary: 'The token is past its expiration: the API server refuses it.',
  severity: 'critical',
  runbook: 'SATokenExpired',
  judge: ({ token: { claims } }, now) => {
    if (claims.expiresAt === undefined || now < claims.expiresAt) return PASS;
    return fail(`expired ${formatRelative(now, claims.expiresAt)}`);
  },
  fix: (token) => [
    ...findPod(token),
    `kubectl describe pod ${podArguments(token)}  # events: FailedMount names what the refresh fails on`,
    `kubectl get serviceaccount ${accountArguments(token)}  # it must exist`,
    `${KUBELET_LOG}  # on the node`,
    `kubectl delete pod ${podArguments(token)}  # once the cause is gone, a new pod gets a new token`,
  ],
} as const satisfies Check;
