/**
 * Graphs that several dashboards share; each selects its own nodes.
 */
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { COLORS, looksOf, STATE_LOOKS } from '../parts/colors.ts';
import { graph } from '../parts/panels.ts';
import { lagQuantile } from '../parts/promql.ts';

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

export function problemsBySeverity(nodes: string): Panel {
  return graph({
    title: 'Problems by severity',
    description:
      'Failed checks and missing tokens, by severity: critical is a workload that cannot authenticate, or soon will not be able to.',
    unit: 'short',
    queries: [{ expr: `sum by (severity) (satoken_problems{${nodes}})`, legend: '{{severity}}' }],
    looks: [
      { name: 'critical', color: COLORS.critical },
      { name: 'warning', color: COLORS.warning },
      { name: 'info', color: COLORS.note },
    ],
  });
}

export function rotationLag(nodes: string): Panel {
  return graph({
    title: 'Rotation lag',
    description:
      'Time from the refresh being due to the new token being issued. A healthy kubelet takes up to about 100 s. Gaps: no token was rotated.',
    unit: 'suffix:s',
    limit: 100,
    empty: 'No token was rotated',
    queries: [
      { expr: lagQuantile(0.5, nodes), legend: 'median' },
      { expr: lagQuantile(0.99, nodes), legend: '99th percentile' },
    ],
    looks: looksOf(['99th percentile', 'median']),
  });
}
