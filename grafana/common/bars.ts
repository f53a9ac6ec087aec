/**
 * Tables with a bar for each group of tokens.
 *
 * Not bar gauges: without data, Grafana draws the message of an empty bar gauge as a bar.
 */
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { COLORS } from '../parts/colors.ts';
import type { PanelOptions, Unit } from '../parts/panel.ts';
import { asRunbook, BY_TOKEN } from '../parts/promql.ts';
import { table } from '../parts/table.ts';

export interface BarsOptions extends Omit<PanelOptions, 'unit'> {
  readonly labels: readonly string[];
  readonly column: string;
  readonly unit?: Unit;
  readonly expr: string;
  /** Value of a full bar; by default the highest value. */
  readonly max?: number;
}

export function bars({ column, expr, unit = 'short', max, ...options }: BarsOptions): Panel {
  const bar = max === undefined ? {} : { max };
  return table({ ...options, columns: [{ title: column, expr, unit, bar }], sortBy: column });
}

/** Since when each token has each problem, with the severity. */
function starts(tokens: string): string {
  const by = `${BY_TOKEN}, reason`;
  return `satoken_problem{${tokens}} * on (${by}) group_left () max by (${by}) (satoken_problem_start_timestamp_seconds{${tokens}})`;
}

export function problemsByReason(nodes: string): Panel {
  return table({
    title: 'Problems by reason',
    description:
      'Tokens that fail a check or are missing now, by reason, and how long the first of them has failed. Without times with `--metrics.per-token=none`.',
    empty: 'No token fails a check',
    labels: ['reason', 'severity'],
    columns: [
      {
        title: 'Tokens',
        expr: asRunbook(`sum by (reason, severity) (satoken_problems{${nodes}}) > 0`),
        bar: { color: COLORS.warning },
      },
      {
        title: 'Failing for',
        expr: asRunbook(`time() - min by (reason, severity) (${starts(nodes)})`),
        unit: 's',
      },
    ],
    after: ['runbook'],
    sortBy: 'Tokens',
  });
}

export function causes(nodes: string): Panel {
  return bars({
    title: 'Overdue tokens by cause',
    description:
      'Overdue tokens now by cause, derived from files and the API server. `kubelet_stalled` points to the kubelet, `api_server_unreachable` to the network or the control plane; `pod_terminating` is not a problem.',
    empty: 'No token is overdue',
    labels: ['cause'],
    column: 'Tokens',
    expr: `sum by (cause) (satoken_overdue_cause{${nodes}}) > 0`,
  });
}
