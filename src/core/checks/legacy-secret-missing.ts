/**
 * The Secret of a legacy token is gone: its token is refused, and a pod that mounts it does not start.
 *
 * Secrets themselves are never read. A deleted one shows in what the API server says of its token, and a missing one
 * in a pod that waits for a volume which is named, or mounted, as only a token Secret is.
 */

import { type Check, fail, PASS, unknown } from './check.ts';
import { findPod, podArguments } from './commands.ts';
import { isSettled, type PodCheck } from './pod-check.ts';

/** How the token controller named Secrets until v1.24. */
const TOKEN_SECRET = /-token-[a-z0-9]{5}$/;

export const legacySecretMissing = {
  reason: 'legacy_secret_missing',
  summary: 'The Secret of a legacy token does not exist.',
  severity: 'critical',
  runbook: 'SATokenLegacySecretMissing',
  judge: ({ token: { claims }, context: { review } }) => {
    if (claims.kind !== 'legacy') return PASS;
    if (review === undefined) return unknown('the API server was not asked');
    if (review.isAccepted || review.reason !== 'invalidated') return PASS;
    return fail(`the Secret ${claims.secret?.name ?? 'it came from'} in ${claims.namespace} was deleted`);
  },
  findMissing: (pod, files) => {
    if (pod.phase !== 'Pending' || !isSettled(pod, files)) return [];
    return pod.secrets
      .filter(
        ({ isOptional, isAtTokenPath, secretName }) =>
          !isOptional && (isAtTokenPath || TOKEN_SECRET.test(secretName)),
      )
      .filter(({ volume }) => !files.mayHave(volume, 'token'))
      .map(({ volume, secretName }) => ({
        volume,
        path: 'token',
        detail: `the pod waits for the Secret ${secretName}`,
      }));
  },
  fix: (token) => [
    ...findPod(token),
    `kubectl get secret ${token.claims.secret?.name ?? 'SECRET'} -n ${token.claims.namespace}  # is it really gone?`,
    `kubectl get pod ${podArguments(token)} -o jsonpath='{.spec.volumes}'  # mount a projected serviceAccountToken in place of the Secret`,
  ],
  fixMissing: ({ namespace, pod }) => [
    `kubectl describe pod ${pod} -n ${namespace}  # events: FailedMount names the Secret`,
    `kubectl get pod ${pod} -n ${namespace} -o jsonpath='{.spec.volumes}'  # mount a projected serviceAccountToken in place of the Secret`,
    `kubectl get secrets -n ${namespace} --field-selector type=kubernetes.io/service-account-token  # since v1.24 none is made for an account by itself`,
  ],
} as const satisfies Check & PodCheck;
