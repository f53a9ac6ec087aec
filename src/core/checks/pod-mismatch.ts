/**
 * The token is bound to a different pod than the one it is mounted in: it was copied or forged.
 *
 * A token that is not bound to a pod (from a Secret, or from `kubectl create token`) cannot be judged, unless it replaces
 * the one that the pod's spec requests: a Secret or ConfigMap source without `items` can do that.
 */
import { ALWAYS } from '../problems/severity.ts';
import { type Check, fail, PASS, unknown } from './check.ts';
import { findPod, podArguments } from './commands.ts';

export const podMismatch = {
  reason: 'pod_mismatch',
  summary: 'The token is bound to a different pod than the one it is mounted in.',
  severities: { critical: ALWAYS },
  appliesTo: ['kubelet'],
  runbook: 'SATokenPodMismatch',
  judge: ({ token: { claims, identity }, context: { projection } }) => {
    if (claims.pod === undefined && projection?.isOverwritable === true)
      return fail('not bound to a pod: another source of the volume has replaced the token', 'critical');
    if (claims.kind === 'legacy') return PASS;
    const uid = claims.pod?.uid;
    if (uid === undefined) return unknown('the token does not name the UID of a pod');
    return uid === identity.podUid ? PASS : fail(`bound to the pod with UID ${uid}`, 'critical');
  },
  fix: (token) => [
    ...findPod(token),
    `kubectl get pod ${podArguments(token)} -o jsonpath='{.spec.volumes}'  # what mounts a token of another pod?`,
  ],
} as const satisfies Check;
