/**
 * The alert for each reason and each cause, or why there is no alert for it.
 *
 * The types require both to be complete: a check has a runbook, and each cause has a row here.
 */
import { CHECKS, POD_CHECKS } from '../src/core/checks/index.ts';
import type { OverdueCause } from '../src/core/overdue-cause.ts';

export type Coverage = { readonly alert: string } | { readonly silentBecause: string };

/** The alert for checks that have no dedicated one. Such a check names it as its runbook. */
export const FALLBACK_ALERT = 'SATokenProblem';

/** The runbook of a check has the name of its alert. */
const ALERT_OF: ReadonlyMap<string, string> = new Map(
  [...POD_CHECKS, ...CHECKS].map(({ reason, runbook }) => [reason, runbook]),
);

export const CAUSE_COVERAGE: Readonly<Record<OverdueCause, Coverage>> = {
  pod_terminating: {
    silentBecause:
      'The pod is terminating: the kubelet no longer rotates its tokens, and no workload needs them.',
  },
  clock_skew: { alert: 'SATokenNotYetValid' },
  service_account_missing: { alert: 'SATokenServiceAccountMissing' },
  service_account_recreated: { alert: 'SATokenServiceAccountRecreated' },
  // The kubelet emits an event for a rejected audience only after the token has expired.
  audience_refused: { alert: 'SATokenExpired' },
  sibling_volume_failed: { alert: 'SATokenRotationOverdue' },
  node_wide: { alert: 'SATokenNodeRotationStalled' },
  unknown: { alert: 'SATokenRotationOverdue' },
};

export const REASON_COVERAGE: Readonly<Record<string, Coverage>> = Object.fromEntries(
  Array.from(ALERT_OF, ([reason, alert]) => [reason, { alert }]),
);

/** Reasons with a dedicated alert. */
export const COVERED_REASONS: readonly string[] = [...ALERT_OF.keys()]
  .filter((reason) => ALERT_OF.get(reason) !== FALLBACK_ALERT)
  .sort();
