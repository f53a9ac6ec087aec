/**
 * The alert for each reason and each cause, or why there is no alert for it.
 *
 * The types require both to be complete: a check has a runbook, and each cause has a row here.
 */

import type { OverdueCause } from '../src/core/causes/overdue-cause.ts';
import { CHECKS, POD_CHECKS, type Reason } from '../src/core/checks/index.ts';

export type Coverage = { readonly alert: string } | { readonly silentBecause: string };

/** The alert for checks that have no dedicated one. Such a check names it as its runbook. */
export const FALLBACK_ALERT = 'SATokenProblem';

/** The runbook of each check, which has the name of its alert, if it has one. */
export const RUNBOOK_OF: ReadonlyMap<Reason, string> = new Map(
  [...POD_CHECKS, ...CHECKS].map(({ reason, runbook }) => [reason, runbook]),
);

export const CAUSE_COVERAGE: Readonly<Record<OverdueCause, Coverage>> = {
  pod_terminating: {
    silentBecause:
      'The kubelet no longer rotates the tokens of a terminating pod. `SATokenTerminating` says if that is too soon.',
  },
  clock_skew: { alert: 'SATokenNotYetValid' },
  service_account_missing: { alert: 'SATokenServiceAccountMissing' },
  service_account_recreated: { alert: 'SATokenServiceAccountRecreated' },
  // The kubelet emits an event for a rejected audience only after the token has expired.
  audience_refused: { alert: 'SATokenExpired' },
  sibling_volume_failed: { alert: 'SATokenRotationOverdue' },
  own_volume_failed: { alert: 'SATokenRotationOverdue' },
  volume_not_mounted: { alert: 'SATokenRotationOverdue' },
  claim_missing: { alert: 'SATokenRotationOverdue' },
  api_server_unreachable: { alert: 'SATokenNodeRotationStalled' },
  kubelet_stalled: { alert: 'SATokenNodeRotationStalled' },
  unknown: { alert: 'SATokenRotationOverdue' },
};

/** Reasons that never alert, and why. */
const SILENT_REASONS: Readonly<Partial<Record<Reason, string>>> = {
  orphaned: 'What is left of a pod that is gone harms no workload. The page and `explain` show it.',
};

function coverageOf(reason: Reason, alert: string): Coverage {
  const silentBecause = SILENT_REASONS[reason];
  return silentBecause === undefined ? { alert } : { silentBecause };
}

export const REASON_COVERAGE: Readonly<Record<string, Coverage>> = Object.fromEntries(
  Array.from(RUNBOOK_OF, ([reason, alert]) => [reason, coverageOf(reason, alert)]),
);

/** Reasons with a dedicated alert, or none on purpose. */
export const COVERED_REASONS: readonly string[] = [...RUNBOOK_OF.keys()]
  .filter((reason) => RUNBOOK_OF.get(reason) !== FALLBACK_ALERT || reason in SILENT_REASONS)
  .sort();
