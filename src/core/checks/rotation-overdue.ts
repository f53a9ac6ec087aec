/**
 * The kubelet should have replaced the token and has not.
 *
 * Holds until a new token comes, through staleness and expiry: an alert on it does not resolve as things get
 * worse. A kubelet that fails here says so in one log line and in no metric.
 */

import { formatDuration } from '../format.ts';
import { isRefreshed } from '../rotation.ts';
import { type Check, fail, PASS, unknown } from './check.ts';
import { accountArguments, findPod, KUBELET_LOG, podArguments } from './commands.ts';

export const rotationOverdue = {
  reason: 'rotation_overdue',
  summary: 'The kubelet has not replaced the token though its refresh is due and the grace is over.',
  severity: 'warning',
  runbook: 'SATokenRotationOverdue',
  judge: ({ token, schedule: { refreshDue, overdueFrom } }, now) => {
    if (!isRefreshed(token)) return PASS;
    if (refreshDue === undefined || overdueFrom === undefined)
      return unknown('the token does not say when it was issued or when it ends');
    return now > overdueFrom ? fail(`refresh was due ${formatDuration(now - refreshDue)} ago`) : PASS;
  },
  fix: (token) => [
    ...findPod(token),
    'systemctl status kubelet  # on the node: is it running, and does it reach the API server?',
    `${KUBELET_LOG}  # on the node`,
    `kubectl get pod ${podArguments(token)} -o yaml  # terminating, or another volume that does not mount?`,
    `kubectl get serviceaccount ${accountArguments(token)}  # gone, or made again with another uid?`,
  ],
} as const satisfies Check;
