/**
 * The API server does not know the pod of a folder that is still on the node: left behind by a hard reboot, or its pod
 * was deleted by force. The kubelet gets no tokens for it.
 *
 * A pod that was deleted a moment ago, or is about to appear, has tokens that are not overdue.
 */
import { formatRelative } from '../../util/duration.ts';
import { ALWAYS } from '../problems/severity.ts';
import { type Check, fail, PASS } from './check.ts';
import { quoted } from './commands.ts';
import type { PodCheck } from './pod-check.ts';

/** A file that nothing refreshes counts as old after this long. */
const OLD_SECONDS = 3_600;

function steps(podUid: string): readonly string[] {
  return [
    `kubectl get pods -A -o custom-columns=UID:.metadata.uid | grep -F -e ${quoted(podUid)}  # confirm that the pod does not exist`,
    `crictl pods | grep -F -e ${quoted(podUid)}; crictl ps --label io.kubernetes.pod.uid=${quoted(podUid)}  # on the node: do its containers still run?`,
    'systemctl restart kubelet  # on the node: removes the folders of pods that are gone, or says in its log why it cannot',
  ];
}

export const orphaned = {
  reason: 'orphaned',
  summary: 'The API server does not know the pod of this folder; its tokens are not refreshed.',
  severities: { info: ALWAYS },
  appliesTo: ['kubelet', 'secret', 'unknown'],
  isForLeaving: true,
  runbook: 'SATokenProblem',
  judge: ({ stage, state, token, schedule: { overdueFrom } }, now) => {
    if (stage !== 'absent') return PASS;
    const isOld = now - token.file.modifiedAt > OLD_SECONDS && overdueFrom === undefined;
    const isOverdue = overdueFrom !== undefined && now > overdueFrom;
    if (!isOld && !isOverdue && state !== 'expired') return PASS;
    const written = formatRelative(now, token.file.modifiedAt);
    return fail(`written ${written}; the API server does not know the pod`, 'info');
  },
  findMissing: () => [],
  fix: ({ identity }) => steps(identity.podUid),
  fixMissing: ({ podUid }) => steps(podUid),
} as const satisfies Check & PodCheck;
