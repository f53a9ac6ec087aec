/**
 * The kubelet has not rotated the token within the grace period.
 *
 * Keeps failing while the token is stale or expired, so that an alert on it does not resolve as things get worse. The
 * kubelet reports a failed rotation in its log only.
 */
import { formatDuration } from '../../util/duration.ts';
import { isRefreshed } from '../rotation.ts';
import { type Check, fail, PASS, unknown } from './check.ts';
import { accountArguments, findPod, KUBELET_LOG, podArguments } from './commands.ts';

export const rotationOverdue = {
  reason: 'rotation_overdue',
  summary: 'The kubelet has not rotated the token within the grace period.',
  severity: 'warning',
  appliesTo: ['kubelet', 'unknown'],
  runbook: 'SATokenRotationOverdue',
  judge: ({ token, schedule: { refreshDue, overdueFrom } }, now) => {
    if (!isRefreshed(token)) return PASS;
    if (refreshDue === undefined || overdueFrom === undefined)
      return unknown('the token has no issue time or no expiration');
    return now > overdueFrom ? fail(`refresh was due ${formatDuration(now - refreshDue)} ago`) : PASS;
  },
  fix: (token) => [
    ...findPod(token),
    'systemctl status kubelet  # on the node: is it running, and can it reach the API server?',
    `${KUBELET_LOG}  # on the node`,
    `kubectl get pod ${podArguments(token)} -o yaml  # terminating, or another volume that cannot be mounted?`,
    `kubectl get serviceaccount ${accountArguments(token)}  # missing, or recreated with another UID?`,
  ],
} as const satisfies Check;
