/**
 * The service account of the token does not exist: the API server rejects the token and does not issue another.
 *
 * A token that was issued within the last minute had a service account then; the list may be older.
 */
import { ALWAYS } from '../problems/severity.ts';
import { type Check, fail, PASS, unknown } from './check.ts';
import { accountArguments, findPod, podArguments } from './commands.ts';

/** The API server accepts tokens of service accounts deleted less than a minute ago. */
const SETTLING_SECONDS = 60;

export const serviceAccountMissing = {
  reason: 'service_account_missing',
  summary: 'The service account of the token does not exist.',
  severities: { critical: ALWAYS },
  appliesTo: ['kubelet', 'secret'],
  runbook: 'SATokenServiceAccountMissing',
  judge: ({ token: { claims }, context: { account } }, now) => {
    if (account === undefined) return unknown('no service account data from the API server');
    if (account !== 'absent' || now - (claims.issuedAt ?? 0) < SETTLING_SECONDS) return PASS;
    return fail(
      `service account ${claims.namespace}/${claims.serviceAccount.name} does not exist`,
      'critical',
    );
  },
  fix: (token) => [
    ...findPod(token),
    `kubectl get serviceaccount ${accountArguments(token)}  # confirm that it does not exist`,
    `kubectl create serviceaccount ${accountArguments(token)}  # or rerun what created it: a chart, a pipeline`,
    `kubectl delete pod ${podArguments(token)}  # a new pod gets a token with the UID of the new account at once`,
  ],
} as const satisfies Check;
