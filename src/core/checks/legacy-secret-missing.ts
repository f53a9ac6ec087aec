/**
 * The Secret of a legacy token does not exist: the API server rejects the token, and pods that mount it do not start.
 *
 * The exporter never reads Secrets. A TokenReview shows that one was deleted. A pending pod shows that one is missing,
 * if the Secret has the name or the mount path of a token Secret.
 */
import { ALWAYS } from '../problems/severity.ts';
import { type Check, fail, PASS, unknown } from './check.ts';
import { findPod, podArguments } from './commands.ts';
import { isSettled, type PodCheck } from './pod-check.ts';

/** The token controller named its Secrets like this until v1.24. */
const TOKEN_SECRET = /-token-[a-z0-9]{5}$/;

export const legacySecretMissing = {
  reason: 'legacy_secret_missing',
  summary: 'The Secret of a legacy token does not exist.',
  severities: { critical: ALWAYS },
  appliesTo: ['kubelet', 'secret'],
  runbook: 'SATokenLegacySecretMissing',
  judge: ({ token: { claims }, context: { review } }) => {
    if (claims.kind !== 'legacy') return PASS;
    if (review === undefined) return unknown('no TokenReview result');
    if (review.isAccepted || review.reason !== 'invalidated') return PASS;
    const { secret, namespace } = claims;
    return fail(
      secret === undefined
        ? `its Secret in ${namespace} was deleted`
        : `Secret ${namespace}/${secret.name} was deleted`,
      'critical',
    );
  },
  findMissing: (pod, files) => {
    if (pod.phase !== 'Pending' || !isSettled(pod, files)) return [];
    return pod.secrets
      .filter(
        ({ isOptional, isMounted, isAtTokenPath, secretName }) =>
          isMounted && !isOptional && (isAtTokenPath || TOKEN_SECRET.test(secretName)),
      )
      .filter(({ volume }) => !files.mayHave(volume, 'token'))
      .map(({ volume, secretName }) => ({
        volume,
        path: 'token',
        detail: `the pod is waiting for Secret ${secretName}`,
        severity: 'critical' as const,
      }));
  },
  fix: (token) => [
    ...findPod(token),
    `kubectl get secret ${token.claims.secret?.name ?? 'SECRET'} -n ${token.claims.namespace}  # confirm that it does not exist`,
    `kubectl get pod ${podArguments(token)} -o jsonpath='{.spec.volumes}'  # mount a projected serviceAccountToken instead of the Secret`,
  ],
  fixMissing: ({ namespace, pod }) => [
    `kubectl describe pod ${pod} -n ${namespace}  # a FailedMount event names the Secret`,
    `kubectl get pod ${pod} -n ${namespace} -o jsonpath='{.spec.volumes}'  # mount a projected serviceAccountToken instead of the Secret`,
    `kubectl get secrets -n ${namespace} --field-selector type=kubernetes.io/service-account-token  # since v1.24 Kubernetes no longer creates them automatically`,
  ],
} as const satisfies Check & PodCheck;
