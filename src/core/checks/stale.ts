/**
 * The token is past its requested lifetime, but the API server extended it and still accepts it.
 *
 * The API server extends default tokens only, and counts the use of one past its requested lifetime as a stale token.
 */
import { formatRelative } from '../../util/duration.ts';
import { ALWAYS } from '../problems/severity.ts';
import { type Check, fail, PASS } from './check.ts';
import { findPod, KUBELET_LOG, podArguments } from './commands.ts';

export const stale = {
  reason: 'stale',
  summary: 'The token is past its requested lifetime; the API server still accepts it.',
  severities: { warning: ALWAYS },
  appliesTo: ['kubelet', 'unknown'],
  runbook: 'SATokenStale',
  judge: ({ state, schedule: { nominalExpiration } }, now) => {
    if (state !== 'stale' || nominalExpiration === undefined) return PASS;
    return fail(`requested lifetime ended ${formatRelative(now, nominalExpiration)}`, 'warning');
  },
  fix: (token) => [
    ...findPod(token),
    `${KUBELET_LOG}  # on the node: why the refresh fails`,
    `kubectl get pod ${podArguments(token)} -o yaml  # terminating, or a volume that cannot be mounted?`,
    `kubectl delete pod ${podArguments(token)}  # a new pod gets a new token`,
  ],
} as const satisfies Check;
