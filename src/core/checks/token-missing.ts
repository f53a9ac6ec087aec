/**
 * The spec of a running pod requests a token, but the file does not exist.
 *
 * A file that cannot be read does not count as missing, nor one in a volume that no container mounts.
 */

import { ALWAYS } from '../problems/severity.ts';
import { KUBELET_LOG } from './commands.ts';
import { isSettled, type PodCheck } from './pod-check.ts';

export const tokenMissing = {
  reason: 'token_missing',
  summary: 'The spec of a running pod requests a token, but the file does not exist.',
  severities: { critical: ALWAYS },
  runbook: 'SATokenMissing',
  findMissing: (pod, files) => {
    if (pod.phase !== 'Running' || !isSettled(pod, files)) return [];
    return pod.projections
      .filter(({ volume, path, isMounted }) => isMounted && !files.mayHave(volume, path))
      .map(({ volume, path }) => ({
        volume,
        path,
        detail: `the spec requests ${path} in volume ${volume}`,
        severity: 'critical' as const,
      }));
  },
  fixMissing: ({ namespace, pod }) => [
    `kubectl describe pod ${pod} -n ${namespace}  # a FailedMount event names the cause`,
    `${KUBELET_LOG}  # on the node`,
    `kubectl delete pod ${pod} -n ${namespace}  # a new pod gets new volumes`,
  ],
} as const satisfies PodCheck;
