/**
 * The pod's spec asks for a token, the pod has been running for a while, and there is no such file.
 *
 * A file that is there but cannot be read is not missing.
 */
import { KUBELET_LOG } from './commands.ts';
import { isSettled, type PodCheck } from './pod-check.ts';

export const tokenMissing = {
  reason: 'token_missing',
  summary: 'The spec of a running pod asks for a token that is not there.',
  severity: 'critical',
  runbook: 'SATokenMissing',
  findMissing: (pod, files) => {
    if (pod.phase !== 'Running' || !isSettled(pod, files)) return [];
    return pod.projections
      .filter(({ volume, path }) => !files.mayHave(volume, path))
      .map(({ volume, path }) => ({
        volume,
        path,
        detail: `the spec asks for ${path} in the volume ${volume}`,
      }));
  },
  fixMissing: ({ namespace, pod }) => [
    `kubectl describe pod ${pod} -n ${namespace}  # events: FailedMount names what is wrong`,
    `${KUBELET_LOG}  # on the node`,
    `kubectl delete pod ${pod} -n ${namespace}  # a new pod gets new volumes`,
  ],
} as const satisfies PodCheck;
