/**
 * The service account was deleted and made again: it has another uid than the token says, so the token is refused.
 *
 * The kubelet gets a token for the new account at its next refresh, which may be hours away.
 */

import { type Check, fail, PASS, unknown } from './check.ts';
import { accountArguments, findPod, podArguments } from './commands.ts';

export const serviceAccountRecreated = {
  reason: 'service_account_recreated',
  summary: 'The service account was deleted and made again since the token was issued.',
  severity: 'critical',
  runbook: 'SATokenServiceAccountRecreated',
  judge: ({ token: { claims }, context: { account } }) => {
    if (account === undefined) return unknown('the service accounts are not known');
    const { uid } = claims.serviceAccount;
    if (uid === undefined) return unknown('the token does not say the uid of its account');
    if (account === 'absent' || account.uid === uid) return PASS;
    return fail(`the account has the uid ${account.uid}, the token is for ${uid}`);
  },
  fix: (token) => [
    ...findPod(token),
    `kubectl get serviceaccount ${accountArguments(token)} -o jsonpath='{.metadata.uid} {.metadata.creationTimestamp}'  # since when, and who made it?`,
    `kubectl delete pod ${podArguments(token)}  # a new pod gets a token for the new account at once`,
  ],
} as const satisfies Check;
