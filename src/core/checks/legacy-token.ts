/**
 * A token from a Secret of type kubernetes.io/service-account-token is mounted: it never expires and is never rotated.
 */
import { ALWAYS } from '../problems/severity.ts';
import { type Check, fail, PASS } from './check.ts';
import { accountArguments, findPod, podArguments } from './commands.ts';

export const legacyToken = {
  reason: 'legacy_token',
  summary: 'A legacy token from a Secret is mounted; it never expires and is never rotated.',
  severities: { info: ALWAYS },
  appliesTo: ['kubelet', 'secret', 'unknown'],
  runbook: 'SATokenLegacyMounted',
  judge: ({ token: { claims } }) => {
    if (claims.kind !== 'legacy') return PASS;
    return fail(claims.secret === undefined ? 'no expiration' : `from Secret ${claims.secret.name}`, 'info');
  },
  fix: (token) => [
    ...findPod(token),
    `kubectl get pod ${podArguments(token)} -o jsonpath='{.spec.volumes}'  # replace the Secret with a projected serviceAccountToken`,
    `kubectl get secret ${token.claims.secret?.name ?? 'SECRET'} -n ${token.claims.namespace} -L kubernetes.io/legacy-token-last-used  # still in use?`,
    `kubectl create token ${accountArguments(token)} --duration=24h  # for use outside the cluster`,
  ],
} as const satisfies Check;
