/**
 * Stat panels with counts of tokens that several dashboards share; each selects its own nodes.
 */
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { COLORS, ZERO_OR_CRITICAL, ZERO_OR_WARNING } from '../parts/colors.ts';
import { stat } from '../parts/panels.ts';
import { CRITICAL, OVERDUE, REJECTED } from '../parts/promql.ts';

export function tokenCount(nodes: string): Panel {
  return stat({
    title: 'Tokens',
    description: 'Tokens on the selected nodes, projected and legacy.',
    unit: 'short',
    expr: `sum(satoken_tokens{${nodes}})`,
  });
}

export function rejectedCount(nodes: string): Panel {
  return stat({
    title: 'Rejected',
    description:
      'Tokens that the API server rejects because of their times: expired or not yet valid. Tokens of terminating pods are included.',
    unit: 'short',
    expr: `sum(satoken_token_state{${nodes}, ${REJECTED}})`,
    steps: ZERO_OR_CRITICAL,
  });
}

export function criticalCount(nodes: string): Panel {
  return stat({
    title: 'Critical problems',
    description:
      'Failing critical checks: a workload cannot authenticate, or soon will not be able to. A token that fails two of them counts twice.',
    unit: 'short',
    expr: `sum(satoken_problems{${nodes}, ${CRITICAL}})`,
    steps: ZERO_OR_CRITICAL,
  });
}

export function overdueCount(nodes: string): Panel {
  return stat({
    title: 'Overdue',
    description: 'Tokens that the kubelet should have rotated and that still work: overdue or stale.',
    unit: 'short',
    expr: `sum(satoken_token_state{${nodes}, ${OVERDUE}})`,
    steps: ZERO_OR_WARNING,
  });
}

/** Shows whether panels on single tokens have data. */
export function seriesShare(nodes: string): Panel {
  return stat({
    title: 'Tokens with series',
    description:
      'Share of the tokens with series of their own. Below 100 %, `--metrics.per-token` is `problems` or `none` on some nodes: panels on single tokens show only failing tokens or nothing, and forecasts are empty.',
    unit: 'percentunit',
    expr: `(count(satoken_info{${nodes}}) or vector(0)) / sum(satoken_tokens{${nodes}})`,
    steps: [COLORS.note, [1, COLORS.good]],
  });
}
