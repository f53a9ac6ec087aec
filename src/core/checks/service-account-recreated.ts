/**
 * The service account was recreated: its UID differs from the one in the token, so the API server rejects the token.
 *
 * The kubelet gets a token for the new account at the next refresh, which may be hours away.
 */
import { ALWAYS } from '../problems/severity.ts';
import { type Check, fail, PASS, unknown } from './check.ts';
import { accountArguments, findPod, podArguments } from './commands.ts';

export const serviceAccountRecreated = {
  reason: 'service_account_recreated',
  summary: 'The service account was recreated after the token was issued.',
  severities: { critical: ALWAYS },
  appliesTo: ['kubelet', 'secret'],
  runbook: 'SATokenServiceAccountRecreated',
  judge: ({ token: { claims }, context: { account } }) => {
    if (account === undefined) return unknown('no service account data from the API server');
    const { uid } = claims.serviceAccount;
    if (uid === undefined) return unknown('the token does not name the UID of its service account');
    if (account === 'absent' || account.uid === uid) return PASS;
    return fail(`service account has UID ${account.uid}, token has UID ${uid}`, 'critical');
  },
  fix: (token) => [
    ...findPod(token),
    `kubectl get serviceaccount ${accountArguments(token)} -o jsonpath='{.metadata.uid} {.metadata.creationTimestamp}'  # when was it recreated?`,
    `kubectl delete pod ${podArguments(token)}  # a new pod gets a token for the new account at once`,
  ],
} as const satisfies Check;
