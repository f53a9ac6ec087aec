/**
 * The service account of the token is gone: the API server refuses the token, and the kubelet gets no other.
 *
 * A token that was issued within the last minute had an account then, whatever an older list says.
 */

import { type Check, fail, PASS, unknown } from './check.ts';
import { accountArguments, findPod, podArguments } from './commands.ts';

/** The API server lets pass what was deleted less than a minute ago. */
const SETTLING_SECONDS = 60;

export const serviceAccountMissing = {
  reason: 'service_account_missing',
  summary: 'The service account of the token does not exist.',
  severity: 'critical',
  runbook: 'SATokenServiceAccountMissing',
  judge: ({ token: { claims }, context: { account } }, now) => {
    if (account === undefined) return unknown('the service accounts are not known');
    if (account !== 'absent' || now - (claims.issuedAt ?? 0) < SETTLING_SECONDS) return PASS;
    return fail(`there is no service account ${claims.serviceAccount.name} in ${claims.namespace}`);
  },
  fix: (token) => [
    ...findPod(token),
    `kubectl get serviceaccount ${accountArguments(token)}  # is it really gone?`,
    `kubectl create serviceaccount ${accountArguments(token)}  # or what made it in the first place: a chart, a pipeline`,
    `kubectl delete pod ${podArguments(token)}  # the new account has another uid, which only a new pod's token names`,
  ],
} as const satisfies Check;
