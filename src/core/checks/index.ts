/**
 * The tables of all checks. A new failure mode is one file in this folder and one row here.
 *
 * Rows are in order of urgency: the page, `scan` and `explain` list the most urgent failure first.
 */

import { SEVERITIES, type Severity, type SeverityConditions } from '../problems/severity.ts';
import { audienceMismatch } from './audience-mismatch.ts';
import type { Check } from './check.ts';
import { containerViewStale } from './container-view-stale.ts';
import { expired } from './expired.ts';
import { issuerMismatch } from './issuer-mismatch.ts';
import { legacySecretMissing } from './legacy-secret-missing.ts';
import { legacyToken } from './legacy-token.ts';
import { notReread } from './not-reread.ts';
import { notYetValid } from './not-yet-valid.ts';
import { orphaned } from './orphaned.ts';
import type { PodCheck } from './pod-check.ts';
import { podMismatch } from './pod-mismatch.ts';
import { rotationOverdue } from './rotation-overdue.ts';
import { serviceAccountMissing } from './service-account-missing.ts';
import { serviceAccountRecreated } from './service-account-recreated.ts';
import { signatureInvalid } from './signature-invalid.ts';
import { signingKeyUnknown } from './signing-key-unknown.ts';
import { stale } from './stale.ts';
import { subpathFrozen } from './subpath-frozen.ts';
import { terminating } from './terminating.ts';
import { tokenMissing } from './token-missing.ts';
import { tokenRefused } from './token-refused.ts';
import { unread } from './unread.ts';

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
  containerViewStale,
  subpathFrozen,
  stale,
  rotationOverdue,
  terminating,
  notReread,
  legacyToken,
  orphaned,
  unread,
] as const satisfies readonly Check[];

/** Checks of pods, for missing tokens. */
export const POD_CHECKS = [
  tokenMissing,
  legacySecretMissing,
  orphaned,
] as const satisfies readonly PodCheck[];

/** A severity that a reason can have, and under which condition: at most one of a reason holds for a token. */
export interface SeverityRow {
  readonly reason: Reason;
  readonly severity: Severity;
  readonly condition: string;
}

/** Values of the `reason` label: public contract. */
export type Reason = (typeof CHECKS | typeof POD_CHECKS)[number]['reason'];

export const REASONS: readonly Reason[] = [
  ...new Set([...POD_CHECKS.map(({ reason }) => reason), ...CHECKS.map(({ reason }) => reason)]),
];

function severitiesOf(reason: Reason): readonly SeverityRow[] {
  const found = [...POD_CHECKS, ...CHECKS].find((check) => check.reason === reason);
  const conditions: SeverityConditions = found?.severities ?? {};
  return SEVERITIES.flatMap((severity) => {
    const condition = conditions[severity];
    return condition === undefined ? [] : [{ reason, severity, condition }];
  });
}

/** Every severity of every reason, the most severe first. */
export const SEVERITY_ROWS: readonly SeverityRow[] = REASONS.flatMap(severitiesOf);
