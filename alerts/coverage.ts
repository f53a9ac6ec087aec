/**
 * Which alert tells of each reason and of each cause, or why none does.
 *
 * Both are complete by their types: a new check does not compile until it names its runbook, nor a new cause until
 * somebody has said what becomes of it.
 */
import { CHECKS, POD_CHECKS } from '../src/core/checks/index.ts';
import type { OverdueCause } from '../src/core/overdue-cause.ts';

export type Coverage = { readonly alert: string } | { readonly silentBecause: string };

/** The alert for whatever has none of its own; a check names it as long as that is so. */
export const OTHERWISE = 'SATokenProblem';

/** A check names as its runbook that of its alert. */
const ALERT_OF: ReadonlyMap<string, string> = new Map(
  [...POD_CHECKS, ...CHECKS].map(({ reason, runbook }) => [reason, runbook]),
);

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
  Array.from(ALERT_OF, ([reason, alert]) => [reason, { alert }]),
);

/** Reasons that have an alert of their own. */
export const TOLD_REASONS: readonly string[] = [...ALERT_OF.keys()]
  .filter((reason) => ALERT_OF.get(reason) !== OTHERWISE)
  .sort();
