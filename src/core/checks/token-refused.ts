/**
 * A TokenReview rejected the token for a reason that no other check explains.
 *
 * A token that passes may still lack permissions: a TokenReview authenticates, it does not authorize.
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

const REJECT_DESCRIPTIONS: Readonly<Record<RejectReason, string>> = {
  audience: 'wrong audience',
  expired: 'expired',
  not_yet_valid: 'not valid yet',
  account_deleted: 'service account deleted',
  account_recreated: 'service account UID changed',
  invalidated: 'the object it is bound to was deleted',
  signature: 'invalid signature',
  unknown_key: 'unknown signing key',
  other: 'not recognized as a token of this cluster',
};

/** Checks that are more specific: if one of them fails, it explains the rejection. */
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
  summary: 'The API server rejects the token, and no other check explains why.',
  severity: 'critical',
  runbook: 'SATokenRefused',
  judge: (input, now) => {
    const { review } = input.context;
    if (review === undefined) return unknown('no TokenReview result');
    if (review.isAccepted) return PASS;
    if (EXPLANATIONS.some(({ judge }) => judge(input, now).status === 'fail')) return PASS;
    return fail(`TokenReview: ${REJECT_DESCRIPTIONS[review.reason]}`);
  },
  fix: (token) => [
    ...findPod(token),
    `kubectl get pod ${podArguments(token)} -o jsonpath='{.metadata.uid} {.spec.serviceAccountName}'  # compare with the pod and service account in the token`,
    `kubectl delete pod ${podArguments(token)}  # a new pod gets a new token`,
  ],
} as const satisfies Check;
