/**
 * The token is bound to a different pod than the one it is mounted in: it was copied or forged.
 *
 * A token that is not bound to a pod (from a Secret, or from `kubectl create token`) cannot be judged.
 */
import { type Check, fail, PASS, unknown } from './check.ts';
import { findPod, podArguments } from './commands.ts';

export const podMismatch = {
  reason: 'pod_mismatch',
  summary: 'The token is bound to a different pod than the one it is mounted in.',
  severity: 'critical',
  appliesTo: ['kubelet'],
  runbook: 'SATokenPodMismatch',
  judge: ({ token: { claims, identity } }) => {
    if (claims.kind === 'legacy') return PASS;
    const uid = claims.pod?.uid;
    if (uid === undefined) return unknown('the token does not name the UID of a pod');
    return uid === identity.podUid ? PASS : fail(`bound to the pod with UID ${uid}`);
  },
  fix: (token) => [
    ...findPod(token),
    `kubectl get pod ${podArguments(token)} -o jsonpath='{.spec.volumes}'  # what mounts a token of another pod?`,
  ],
} as const satisfies Check;
