/**
 * The alerts that are based on one check.
 */
import type { Severity } from '../../alerts/knobs.ts';

/** What an instance of an alert is about. */
type Scope = 'token' | 'account' | 'workload' | 'cluster';

export interface Row {
  readonly reason: string;
  readonly alert: string;
  /** Stated if the alert exists at two severities, or is not about critical problems. */
  readonly severity?: Severity;
  /** Minutes until it fires. */
  readonly minutes: number;
  /** Minutes that it keeps firing after the problem is resolved. */
  readonly outlasts?: number;
  readonly scope: Scope;
}

export const ROWS: readonly Row[] = [
  {
    reason: 'rotation_overdue',
    alert: 'SATokenRotationOverdue',
    severity: 'warning',
    minutes: 1,
    scope: 'token',
  },
  { reason: 'expired', alert: 'SATokenExpired', minutes: 1, scope: 'token' },
  {
    reason: 'subpath_frozen',
    alert: 'SATokenSubpathFrozen',
    severity: 'critical',
    minutes: 1,
    scope: 'token',
  },
  {
    reason: 'subpath_frozen',
    alert: 'SATokenSubpathFrozen',
    severity: 'warning',
    minutes: 5,
    scope: 'token',
  },
  { reason: 'container_view_stale', alert: 'SATokenContainerViewStale', minutes: 2, scope: 'token' },
  { reason: 'stale', alert: 'SATokenStale', minutes: 1, outlasts: 3, scope: 'token' },
  { reason: 'token_missing', alert: 'SATokenMissing', minutes: 5, scope: 'token' },
  { reason: 'token_refused', alert: 'SATokenRefused', minutes: 5, scope: 'token' },
  { reason: 'signature_invalid', alert: 'SATokenSignatureInvalid', minutes: 5, scope: 'token' },
  { reason: 'pod_mismatch', alert: 'SATokenPodMismatch', minutes: 5, scope: 'token' },
  { reason: 'a_check_of_tomorrow', alert: 'SATokenProblem', minutes: 5, scope: 'token' },
  {
    reason: 'service_account_missing',
    alert: 'SATokenServiceAccountMissing',
    minutes: 1,
    outlasts: 3,
    scope: 'account',
  },
  {
    reason: 'service_account_recreated',
    alert: 'SATokenServiceAccountRecreated',
    minutes: 1,
    outlasts: 3,
    scope: 'account',
  },
  {
    reason: 'audience_mismatch',
    alert: 'SATokenAudienceMismatch',
    severity: 'critical',
    minutes: 5,
    scope: 'workload',
  },
  {
    reason: 'audience_mismatch',
    alert: 'SATokenAudienceMismatch',
    severity: 'warning',
    minutes: 5,
    scope: 'workload',
  },
  { reason: 'legacy_secret_missing', alert: 'SATokenLegacySecretMissing', minutes: 5, scope: 'workload' },
  {
    reason: 'legacy_token',
    alert: 'SATokenLegacyMounted',
    severity: 'info',
    minutes: 60,
    scope: 'workload',
  },
  {
    reason: 'not_reread',
    alert: 'SATokenNotReread',
    severity: 'warning',
    minutes: 60,
    scope: 'workload',
  },
  { reason: 'not_reread', alert: 'SATokenNotReread', severity: 'info', minutes: 60, scope: 'workload' },
  { reason: 'unread', alert: 'SATokenUnread', severity: 'info', minutes: 60, scope: 'workload' },
  { reason: 'signing_key_unknown', alert: 'SATokenSigningKeyUnknown', minutes: 5, scope: 'cluster' },
  { reason: 'issuer_mismatch', alert: 'SATokenIssuerMismatch', minutes: 5, scope: 'cluster' },
];
