/**
 * A TokenReview rejected the token for a reason that no other check explains.
 *
 * A token that passes may still lack permissions: a TokenReview authenticates, it does not authorize.
 */
import type { RejectReason } from '../cluster-facts.ts';
import { ALWAYS } from '../problems/severity.ts';
import type { Token } from '../token/token.ts';
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

/**
 * Set by the legacy token cleaner, which deletes the Secret a year later. The API server rejects the token until the label
 * is removed (k8s.io/kubernetes/pkg/serviceaccount, legacy.go).
 */
const INVALID_LABEL = 'kubernetes.io/legacy-token-invalid-since';

const REJECT_DESCRIPTIONS: Readonly<Record<RejectReason, string>> = {
  audience: 'wrong audience',
  expired: 'expired',
  not_yet_valid: 'not valid yet',
  account_deleted: 'service account deleted',
  account_recreated: 'service account UID changed',
  invalidated: 'the object it is bound to was deleted',
  marked_invalid: `the control plane marked it invalid after a year without use, with the label ${INVALID_LABEL} on its Secret`,
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

function legacySteps({ claims }: Token): readonly string[] {
  if (claims.kind !== 'legacy') return [];
  const secret = `${claims.secret?.name ?? 'SECRET'} -n ${claims.namespace}`;
  return [
    `kubectl get secret ${secret} -L ${INVALID_LABEL}  # a date: marked invalid by the control plane`,
    `kubectl label secret ${secret} ${INVALID_LABEL}-  # then the token is valid again`,
    'mount a projected serviceAccountToken instead of the Secret',
  ];
}

export const tokenRefused = {
  reason: 'token_refused',
  summary: 'The API server rejects the token, and no other check explains why.',
  severities: { critical: ALWAYS },
  appliesTo: ['kubelet', 'secret'],
  runbook: 'SATokenRefused',
  judge: (input, now) => {
    const { review, isAwaitingReview, isAwaitingSignature } = input.context;
    // Most tokens need no review.
    if (review === undefined) return isAwaitingReview ? unknown('no TokenReview result') : PASS;
    if (review.isAccepted) return PASS;
    if (EXPLANATIONS.some(({ judge }) => judge(input, now).status === 'fail')) return PASS;
    if (isAwaitingSignature) return unknown('the signature, which may explain it, is being verified');
    return fail(`TokenReview: ${REJECT_DESCRIPTIONS[review.reason]}`, 'critical');
  },
  fix: (token) => [
    ...findPod(token),
    ...legacySteps(token),
    `kubectl get pod ${podArguments(token)} -o jsonpath='{.metadata.uid} {.spec.serviceAccountName}'  # compare with the pod and service account in the token`,
    `kubectl delete pod ${podArguments(token)}  # a new pod gets a new token`,
  ],
} as const satisfies Check;
