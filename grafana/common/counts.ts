/**
 * Stat panels with counts of tokens that several dashboards share; each selects its own nodes.
 */
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { COLORS, ZERO_OR_CRITICAL, ZERO_OR_WARNING } from '../parts/colors.ts';
import { stat } from '../parts/panels.ts';
import { CRITICAL, OVERDUE, REJECTED, timeUntilRejection } from '../parts/promql.ts';
import { NEEDS_PROBLEMS } from './empty.ts';

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
      'Tokens that fail a critical check or are missing: a workload cannot authenticate, or soon will not be able to.',
    unit: 'short',
    expr: `sum(satoken_failing_tokens{${nodes}, ${CRITICAL}})`,
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

/** `all` has a value if the tokens have series, or if no token is overdue. */
export function firstRejection(tokens: string, all: string): Panel {
  const first = `min(${timeUntilRejection(tokens, 'reason=~"rotation_overdue|stale"')})`;
  return stat({
    title: 'First rejection in',
    description:
      'Time until the first overdue token that still works expires, and its workload starts to get 401. Extended default tokens have up to a year.',
    unit: 's',
    empty: NEEDS_PROBLEMS,
    expr: `${first}\nor ${all} * 0 - 1`,
    steps: [COLORS.critical, [900, COLORS.warning], [3_600, COLORS.note]],
    words: [['-1', 'none', COLORS.good]],
  });
}

/** 0 if no token on the nodes is overdue, otherwise empty. */
export function noneOverdue(nodes: string): string {
  return `(sum(satoken_token_state{${nodes}, ${OVERDUE}}) == 0)`;
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
