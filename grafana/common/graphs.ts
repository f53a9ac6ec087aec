/**
 * Graphs that several dashboards share; each selects its own nodes.
 */
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { COLORS, STATE_LOOKS } from '../parts/colors.ts';
import { graph } from '../parts/panels.ts';

export function tokensByState(nodes: string): Panel {
  return graph({
    title: 'Tokens by state',
    description:
      'All tokens by lifecycle state. Healthy: nearly all fresh, a few with a refresh due. Rising bands of overdue or stale tokens are rotations that fail silently; expired tokens are an outage.',
    unit: 'short',
    queries: [{ expr: `sum by (state) (satoken_token_state{${nodes}})`, legend: '{{state}}' }],
    looks: STATE_LOOKS,
    isStacked: true,
  });
}

/** Not from `satoken_problems`: with dozens of series for each node, a fleet of thousands is too much for a range. */
export function failingBySeverity(nodes: string): Panel {
  return graph({
    title: 'Failing tokens by severity',
    description:
      'Tokens that fail a check or are missing, by their worst severity: critical is a workload that cannot authenticate, or soon will not be able to.',
    unit: 'short',
    queries: [{ expr: `sum by (severity) (satoken_failing_tokens{${nodes}})`, legend: '{{severity}}' }],
    looks: [
      { name: 'critical', color: COLORS.critical },
      { name: 'warning', color: COLORS.warning },
      { name: 'info', color: COLORS.note },
    ],
    softMax: 10,
  });
}
