/**
 * The token is past the lifetime that was asked for, yet still accepted: the API server extended it.
 *
 * Only default tokens are extended. Such a use is counted by the API server as a stale token.
 */
import { formatRelative } from '../format.ts';
import { type Check, fail, PASS } from './check.ts';
import { findPod, KUBELET_LOG, podArguments } from './commands.ts';

export const stale = {
  reason: 'stale',
  summary: 'The token is past the lifetime that was asked for; the API server still accepts it.',
  severity: 'critical',
  runbook: 'SATokenStale',
  judge: ({ state, schedule: { nominalExpiration } }, now) => {
    if (state !== 'stale' || nominalExpiration === undefined) return PASS;
    return fail(`nominal expiration was ${formatRelative(now, nominalExpiration)}`);
  },
  fix: (token) => [
    ...findPod(token),
    `${KUBELET_LOG}  # on the node: why no refresh`,
    `kubectl get pod ${podArguments(token)} -o yaml  # terminating, or a volume that does not mount?`,
    `kubectl delete pod ${podArguments(token)}  # a new pod gets a new token`,
  ],
} as const satisfies Check;
