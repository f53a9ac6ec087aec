/**
 * Numbers of tokens that are on more than one dashboard, for whatever nodes each has chosen.
 */
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { COLORS, NONE_IS_BETTER, NONE_IS_GOOD } from '../parts/colors.ts';
import { stat } from '../parts/panels.ts';
import { CRITICAL, LATE, REFUSED } from '../parts/promql.ts';

export function tokenCount(nodes: string): Panel {
  return stat({
    title: 'Tokens',
    description: 'Tokens on the chosen nodes, projected and legacy.',
    unit: 'short',
    expr: `sum(satoken_tokens{${nodes}})`,
  });
}

export function refusedCount(nodes: string): Panel {
  return stat({
    title: 'Past their time',
    description:
      'Tokens that the API server refuses for their times alone: expired, or not yet valid. Tokens of pods that are being deleted count too.',
    unit: 'short',
    expr: `sum(satoken_token_state{${nodes}, ${REFUSED}})`,
    steps: NONE_IS_GOOD,
  });
}

export function criticalCount(nodes: string): Panel {
  return stat({
    title: 'Critical problems',
    description:
      'Failures of checks by which a workload cannot authenticate, or soon cannot. A token that fails two of them counts twice.',
    unit: 'short',
    expr: `sum(satoken_problems{${nodes}, ${CRITICAL}})`,
    steps: NONE_IS_GOOD,
  });
}

export function lateCount(nodes: string): Panel {
  return stat({
    title: 'Late',
    description: 'Tokens that the kubelet should have replaced by now and that still work: overdue or stale.',
    unit: 'short',
    expr: `sum(satoken_token_state{${nodes}, ${LATE}})`,
    steps: NONE_IS_BETTER,
  });
}

/** Tells of the other panels whether they can show anything. */
export function shownShare(nodes: string): Panel {
  return stat({
    title: 'Tokens with series',
    description:
      'Share of the tokens that have series of their own. Below 100 %, `--metrics.per-token` is `problems` or `none` on some nodes: panels on single tokens show those that fail a check, or none, and forecasts are not made.',
    unit: 'percentunit',
    expr: `(count(satoken_info{${nodes}}) or vector(0)) / sum(satoken_tokens{${nodes}})`,
    steps: [COLORS.note, [1, COLORS.good]],
  });
}
