/**
 * Which alert tells of each reason and of each cause, or why none does.
 *
 * A reason that is not here has the alert for all others, so that a new check is told of from its first day. Causes are
 * complete by their type: a new one does not compile until somebody has said what becomes of it.
 */
import { REASONS, type Reason } from '../src/core/checks/index.ts';
import type { OverdueCause } from '../src/core/overdue-cause.ts';

export type Coverage = { readonly alert: string } | { readonly silentBecause: string };

/** The alert for whatever has none of its own. */
export const OTHERWISE = 'SATokenProblem';

const OWN_ALERTS: Readonly<Partial<Record<Reason, string>>> = {
  token_missing: 'SATokenMissing',
  legacy_secret_missing: 'SATokenLegacySecretMissing',
  expired: 'SATokenExpired',
  not_yet_valid: 'SATokenNotYetValid',
  service_account_missing: 'SATokenServiceAccountMissing',
  service_account_recreated: 'SATokenServiceAccountRecreated',
  signing_key_unknown: 'SATokenSigningKeyUnknown',
  signature_invalid: 'SATokenSignatureInvalid',
  issuer_mismatch: 'SATokenIssuerMismatch',
  audience_mismatch: 'SATokenAudienceMismatch',
  token_refused: 'SATokenRefused',
  pod_mismatch: 'SATokenPodMismatch',
  stale: 'SATokenStale',
  rotation_overdue: 'SATokenRotationOverdue',
  legacy_token: 'SATokenLegacyMounted',
};

export const CAUSE_COVERAGE: Readonly<Record<OverdueCause, Coverage>> = {
  pod_terminating: {
    silentBecause: 'The pod is on its way out: nobody refreshes its tokens, and nobody will miss them.',
  },
  clock_skew: { alert: 'SATokenNotYetValid' },
  service_account_missing: { alert: 'SATokenServiceAccountMissing' },
  service_account_recreated: { alert: 'SATokenServiceAccountRecreated' },
  // The kubelet tells of a refusal only once the token has expired.
  audience_refused: { alert: 'SATokenExpired' },
  sibling_volume_failed: { alert: 'SATokenRotationOverdue' },
  node_wide: { alert: 'SATokenNodeRotationStalled' },
  unknown: { alert: 'SATokenRotationOverdue' },
};

export const REASON_COVERAGE: Readonly<Record<string, Coverage>> = Object.fromEntries(
  REASONS.map((reason) => [reason, { alert: OWN_ALERTS[reason] ?? OTHERWISE }]),
);

/** Reasons that have an alert of their own. */
export const TOLD_REASONS: readonly string[] = Object.keys(OWN_ALERTS).sort();
