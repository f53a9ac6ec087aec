/**
 * Tables with a bar for each group of tokens.
 *
 * Not bar gauges: without data, Grafana draws the message of an empty bar gauge as a bar.
 */
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { COLORS } from '../parts/colors.ts';
import type { PanelOptions, Unit } from '../parts/panel.ts';
import { asRunbook } from '../parts/promql.ts';
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

export function problemsByReason(nodes: string): Panel {
  return table({
    title: 'Problems by reason',
    description: 'Tokens that fail a check or are missing now, by reason.',
    empty: 'No token fails a check',
    labels: ['reason'],
    columns: [
      {
        title: 'Tokens',
        expr: asRunbook(`sum by (reason) (satoken_problems{${nodes}}) > 0`),
        bar: { color: COLORS.warning },
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
