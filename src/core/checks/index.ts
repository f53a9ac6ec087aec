/**
 * The tables of all checks. A new failure mode is one file in this folder and one row here.
 *
 * Rows are in order of urgency: the page, `scan` and `explain` list the most urgent failure first.
 */
import { audienceMismatch } from './audience-mismatch.ts';
import type { Check } from './check.ts';
import { expired } from './expired.ts';
import { issuerMismatch } from './issuer-mismatch.ts';
import { legacySecretMissing } from './legacy-secret-missing.ts';
import { legacyToken } from './legacy-token.ts';
import { notYetValid } from './not-yet-valid.ts';
import type { PodCheck } from './pod-check.ts';
import { podMismatch } from './pod-mismatch.ts';
import { rotationOverdue } from './rotation-overdue.ts';
import { serviceAccountMissing } from './service-account-missing.ts';
import { serviceAccountRecreated } from './service-account-recreated.ts';
import { signatureInvalid } from './signature-invalid.ts';
import { signingKeyUnknown } from './signing-key-unknown.ts';
import { stale } from './stale.ts';
import { tokenMissing } from './token-missing.ts';
import { tokenRefused } from './token-refused.ts';

/** Checks of tokens. */
export const CHECKS = [
  expired,
  notYetValid,
  serviceAccountMissing,
  serviceAccountRecreated,
  signingKeyUnknown,
  signatureInvalid,
  issuerMismatch,
  audienceMismatch,
  tokenRefused,
  legacySecretMissing,
  podMismatch,
  stale,
  rotationOverdue,
  legacyToken,
] as const satisfies readonly Check[];

/** Checks of pods, for missing tokens. */
export const POD_CHECKS = [tokenMissing, legacySecretMissing] as const satisfies readonly PodCheck[];

/** Values of the `reason` label: public contract. */
export type Reason = (typeof CHECKS | typeof POD_CHECKS)[number]['reason'];

export const REASONS: readonly Reason[] = [
  ...new Set([...POD_CHECKS.map(({ reason }) => reason), ...CHECKS.map(({ reason }) => reason)]),
];
