/**
 * The token is bound to another pod than the one whose volume it lies in.
 *
 * The kubelet never mixes them up; a copied token or a forged one does. A token bound to no pod at all (out of a
 * Secret, or made by `kubectl create token`) cannot be judged.
 */

import { type Check, fail, PASS, unknown } from './check.ts';
import { findPod, podArguments } from './commands.ts';

export const podMismatch = {
  reason: 'pod_mismatch',
  summary: 'The token is bound to another pod than the one it is mounted in.',
  severity: 'critical',
  runbook: 'SATokenPodMismatch',
  judge: ({ token: { claims, identity } }) => {
    if (claims.kind === 'legacy') return PASS;
    const uid = claims.pod?.uid;
    if (uid === undefined) return unknown('the token is bound to no pod');
    return uid === identity.podUid ? PASS : fail(`bound to the pod with uid ${uid}`);
  },
  fix: (token) => [
    ...findPod(token),
    `kubectl get pod ${podArguments(token)} -o jsonpath='{.spec.volumes}'  # who puts a token of another pod there?`,
  ],
} as const satisfies Check;
