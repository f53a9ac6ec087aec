/**
 * Graphs that several dashboards share; each selects its own nodes.
 */
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { OVERDUE_CAUSES } from '../../src/core/causes/overdue-cause.ts';
import { REASONS } from '../../src/core/checks/index.ts';
import { READ_FAILURES } from '../../src/core/observation.ts';
import { WATCH_FAILURES } from '../../src/sources/files/watch.ts';
import { looksOf, STATE_LOOKS } from '../parts/colors.ts';
import { graph } from '../parts/panels.ts';
import { lagQuantile, rateBy } from '../parts/promql.ts';

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

export function problemsByReason(nodes: string): Panel {
  return graph({
    title: 'Problems by reason',
    description: 'Tokens that fail a check or are missing, by reason. Empty if there is no problem.',
    unit: 'short',
    empty: 'No token fails a check',
    queries: [{ expr: `sum by (reason) (satoken_problems{${nodes}}) > 0`, legend: '{{reason}}' }],
    looks: looksOf(REASONS),
  });
}

export function causes(nodes: string): Panel {
  return graph({
    title: 'Overdue tokens by cause',
    description:
      'Overdue tokens by cause, derived from files and the API server. `kubelet_stalled` points to the kubelet, `api_server_unreachable` to the network or the control plane; `pod_terminating` is not a problem. Empty if no token is overdue.',
    unit: 'short',
    empty: 'No token is overdue',
    queries: [{ expr: `sum by (cause) (satoken_overdue_cause{${nodes}}) > 0`, legend: '{{cause}}' }],
    looks: looksOf(OVERDUE_CAUSES),
  });
}

export function rotationLag(nodes: string): Panel {
  return graph({
    title: 'Rotation lag',
    description:
      'Time from the refresh being due to the new token being issued. A healthy kubelet takes up to about 100 s. Gaps: no token was rotated.',
    unit: 's',
    limit: 100,
    empty: 'No token was rotated',
    queries: [
      { expr: lagQuantile(0.5, nodes), legend: 'median' },
      { expr: lagQuantile(0.99, nodes), legend: '99th percentile' },
    ],
    looks: looksOf(['99th percentile', 'median']),
  });
}

export function readErrors(nodes: string): Panel {
  return graph({
    title: 'Read errors',
    description: 'Failed attempts to read an object, by reason. Empty without errors.',
    unit: 'ops',
    empty: 'No read errors',
    queries: [{ expr: rateBy('reason', 'satoken_read_errors_total', nodes), legend: '{{reason}}' }],
    looks: looksOf(READ_FAILURES),
  });
}

export function watchErrors(nodes: string): Panel {
  return graph({
    title: 'Watch errors',
    description:
      'Watches that could not be added and events that were lost, by reason. The next scan finds the changes. Empty without errors.',
    unit: 'ops',
    empty: 'No watch errors',
    queries: [{ expr: rateBy('reason', 'satoken_watch_errors_total', nodes), legend: '{{reason}}' }],
    looks: looksOf(WATCH_FAILURES),
  });
}
