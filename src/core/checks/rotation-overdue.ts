/**
 * The kubelet has not rotated the token within the grace period.
 *
 * Keeps failing while the token is stale or expired, so that an alert on it does not resolve as things get worse. The
 * kubelet reports a failed rotation in its log only.
 */
import { formatDuration } from '../../util/duration.ts';
import { isRefreshed, type Schedule } from '../rotation.ts';
import type { EpochSeconds, Token } from '../token/token.ts';
import { type Check, fail, PASS, unknown } from './check.ts';
import { accountArguments, findPod, KUBELET_LOG, podArguments } from './commands.ts';

/** In a shorter time, a warning that becomes critical would leave no time for either. */
const MIN_CRITICAL_SECONDS = 300;
const CRITICAL_SHARE = 0.6;

/** By the expiration: a token that the API server extended is accepted long after its requested lifetime. */
function criticalFrom({ claims }: Token, { refreshDue = 0, nominalExpiration = 0 }: Schedule): EpochSeconds {
  const left = (claims.expiresAt ?? nominalExpiration) - refreshDue;
  return left >= MIN_CRITICAL_SECONDS ? refreshDue + CRITICAL_SHARE * left : Number.POSITIVE_INFINITY;
}

export const rotationOverdue = {
  reason: 'rotation_overdue',
  summary: 'The kubelet has not rotated the token within the grace period.',
  severities: {
    critical:
      'at least 60 % of the time from refresh due to expiration has passed, and that time is 300 s or more',
    warning: 'less has passed, or that time is shorter',
  },
  appliesTo: ['kubelet', 'unknown'],
  runbook: 'SATokenRotationOverdue',
  judge: ({ token, schedule, context: { origin } }, now) => {
    const { refreshDue, overdueFrom } = schedule;
    if (!isRefreshed(token, origin)) return PASS;
    if (refreshDue === undefined || overdueFrom === undefined)
      return unknown('the token has no issue time or no expiration');
    if (now <= overdueFrom) return PASS;
    const severity = now >= criticalFrom(token, schedule) ? 'critical' : 'warning';
    return fail(`refresh was due ${formatDuration(now - refreshDue)} ago`, severity);
  },
  fix: (token) => [
    ...findPod(token),
    'systemctl status kubelet  # on the node: is it running, and can it reach the API server?',
    `${KUBELET_LOG}  # on the node`,
    `kubectl get pod ${podArguments(token)} -o yaml  # terminating, or another volume that cannot be mounted?`,
    `kubectl get serviceaccount ${accountArguments(token)}  # missing, or recreated with another UID?`,
  ],
} as const satisfies Check;
