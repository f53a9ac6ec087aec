/**
 * No read of the token was observed since the containers of the pod started.
 *
 * Only if reads are watched. Not a proof: a reader that reacts to the rotation faster than the watch is not seen.
 */
import { formatRelative } from '../../util/duration.ts';
import { ALWAYS } from '../problems/severity.ts';
import { type Check, fail } from './check.ts';
import { findPod, podArguments } from './commands.ts';
import { generationsText, judgeHabit } from './read-habit.ts';

const UNSEEN = 'a reader that acts within a fraction of a millisecond of the rotation is not seen';

export const unread = {
  reason: 'unread',
  summary: 'No read of the token was observed since the containers started.',
  severities: { info: ALWAYS },
  appliesTo: ['kubelet'],
  isForReads: true,
  runbook: 'SATokenUnread',
  judge: (input, now) =>
    judgeHabit('unread', input, ({ completeSince, withoutRead }) => {
      const since = formatRelative(now, completeSince);
      return fail(
        `no read observed in ${generationsText(withoutRead)}, watched since ${since} (${UNSEEN})`,
        'info',
      );
    }),
  fix: (token) => [
    ...findPod(token),
    `kubectl get pod ${podArguments(token)} -o jsonpath='{.spec.serviceAccountName} {.spec.containers[*].image}'  # ask the owner whether the application uses the Kubernetes API or this audience`,
    'If it does not: set automountServiceAccountToken: false in the spec of the pod, or remove the volume, in a test environment first',
  ],
} as const satisfies Check;
