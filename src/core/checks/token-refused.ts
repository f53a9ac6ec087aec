/**
 * The API server was asked about the token and refused it, for a reason that no other check accounts for.
 *
 * Asked about the token's own audiences: accepted here says nothing of what the account may do.
 */
import type { RejectReason } from '../cluster-facts.ts';
import { audienceMismatch } from './audience-mismatch.ts';
import { type Check, fail, PASS, unknown } from './check.ts';
import { findPod, podArguments } from './commands.ts';
import { expired } from './expired.ts';
import { issuerMismatch } from './issuer-mismatch.ts';
import { legacySecretMissing } from './legacy-secret-missing.ts';
import { notYetValid } from './not-yet-valid.ts';
import { serviceAccountMissing } from './service-account-missing.ts';
import { serviceAccountRecreated } from './service-account-recreated.ts';
import { signatureInvalid } from './signature-invalid.ts';
import { signingKeyUnknown } from './signing-key-unknown.ts';

/** In words, and the checks that say the same more precisely. */
const REJECT_DESCRIPTIONS: Readonly<Record<RejectReason, string>> = {
  audience: 'it is for another audience',
  expired: 'it has expired',
  not_yet_valid: 'it is not valid yet',
  account_deleted: 'its account was deleted',
  account_recreated: 'its account has another uid',
  invalidated: 'what it is bound to is gone',
  signature: 'its signature is wrong',
  unknown_key: 'it is signed with an unknown key',
  other: 'it takes it for no token of its own',
};

/** Each tells more of one kind of refusal; where one of them fails, the refusal is explained. */
const EXPLANATIONS: readonly Pick<Check, 'judge'>[] = [
  expired,
  notYetValid,
  audienceMismatch,
  issuerMismatch,
  signingKeyUnknown,
  signatureInvalid,
  serviceAccountMissing,
  serviceAccountRecreated,
  legacySecretMissing,
];

export const tokenRefused = {
  reason: 'token_refused',
  summary: 'The API server was asked and refuses the token.',
  severity: 'critical',
  runbook: 'SATokenRefused',
  judge: (input, now) => {
    const { review } = input.context;
    if (review === undefined) return unknown('the API server was not asked');
    if (review.isAccepted) return PASS;
    if (EXPLANATIONS.some(({ judge }) => judge(input, now).status === 'fail')) return PASS;
    return fail(`the API server says that ${REJECT_DESCRIPTIONS[review.reason]}`);
  },
  fix: (token) => [
    ...findPod(token),
    `kubectl get pod ${podArguments(token)} -o jsonpath='{.metadata.uid} {.spec.serviceAccountName}'  # the pod and account the token names?`,
    `kubectl delete pod ${podArguments(token)}  # a new pod gets a new token`,
  ],
} as const satisfies Check;
