/**
 * Lines over time that are on more than one dashboard, for whatever nodes each has chosen.
 */
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { REASONS } from '../../src/core/checks/index.ts';
import { READ_FAILURES } from '../../src/core/observation.ts';
import { OVERDUE_CAUSES } from '../../src/core/overdue-cause.ts';
import { WATCH_FAILURES } from '../../src/sources/files/watch.ts';
import { looksOf, STATE_LOOKS } from '../parts/colors.ts';
import { graph } from '../parts/panels.ts';
import { lagQuantile, rateBy } from '../parts/promql.ts';

export function tokensByState(nodes: string): Panel {
  return graph({
    title: 'Tokens by state',
    description:
      'Every token by the stage of its life. Healthy: nearly all fresh, a few whose refresh is due. Rising bands of overdue or stale are a refresh that fails silently; expired is an outage.',
    unit: 'short',
    queries: [{ expr: `sum by (state) (satoken_token_state{${nodes}})`, legend: '{{state}}' }],
    looks: STATE_LOOKS,
    isStacked: true,
  });
}

export function problemsByReason(nodes: string): Panel {
  return graph({
    title: 'Problems by reason',
    description: 'Tokens that fail a check, or are missing, by reason. Empty while all is well.',
    unit: 'short',
    empty: 'No token fails a check',
    queries: [{ expr: `sum by (reason) (satoken_problems{${nodes}}) > 0`, legend: '{{reason}}' }],
    looks: looksOf(REASONS),
  });
}

export function causes(nodes: string): Panel {
  return graph({
    title: 'Why tokens are late',
    description:
      'Late tokens by cause, as far as files and the API server tell. `node_wide` points at the kubelet; `pod_terminating` is no trouble. Empty while none is late.',
    unit: 'short',
    empty: 'No token is late',
    queries: [{ expr: `sum by (cause) (satoken_overdue_cause{${nodes}}) > 0`, legend: '{{cause}}' }],
    looks: looksOf(OVERDUE_CAUSES),
  });
}

export function rotationLag(nodes: string): Panel {
  return graph({
    title: 'Rotation lag',
    description:
      'How long after the refresh was due a new token was issued. A healthy kubelet takes up to about 100 s. Gaps: nothing was replaced.',
    unit: 's',
    limit: 100,
    empty: 'Nothing was replaced',
    queries: [
      { expr: lagQuantile(0.5, nodes), legend: 'half of them within' },
      { expr: lagQuantile(0.99, nodes), legend: '99 % within' },
    ],
    looks: looksOf(['99 % within', 'half of them within']),
  });
}

export function readErrors(nodes: string): Panel {
  return graph({
    title: 'Read errors',
    description: 'Objects that could not be read, once per attempt, by reason. Empty while there are none.',
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
      'Times a watch could not be laid or stayed silent, by reason. Nothing is lost: changes show at the next pass. Empty while there are none.',
    unit: 'ops',
    empty: 'No watch errors',
    queries: [{ expr: rateBy('reason', 'satoken_watch_errors_total', nodes), legend: '{{reason}}' }],
    looks: looksOf(WATCH_FAILURES),
  });
}
