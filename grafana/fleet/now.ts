/**
 * Fleet: whether workloads can authenticate, in counts and over time.
 */

import * as counts from '../common/counts.ts';
import { problemsByReason, tokensByState } from '../common/graphs.ts';
import { COLORS, ZERO_OR_CRITICAL, ZERO_OR_WARNING } from '../parts/colors.ts';
import type { Section } from '../parts/layout.ts';
import { stat } from '../parts/panels.ts';
import { BY_NODE, BY_TOKEN, CRITICAL, ON_NODES, ON_TOKENS, timeLeft } from '../parts/promql.ts';

const COVERED = `kube_node_info{${ON_NODES}} and on (${BY_NODE}) satoken_watches{${ON_NODES}}`;

export const now: Section = {
  title: 'Can workloads authenticate?',
  lines: [
    {
      height: 4,
      panels: [
        counts.tokenCount(ON_NODES),
        counts.rejectedCount(ON_NODES),
        counts.criticalCount(ON_NODES),
        counts.overdueCount(ON_NODES),
        stat({
          title: 'Next overdue token expires in',
          description:
            'Time until the first overdue token that still works expires. Extended default tokens have up to a year.',
          unit: 's',
          empty: 'No overdue token (or --metrics.per-token=none)',
          expr: `min(${timeLeft(ON_TOKENS)} > 0 and on (${BY_TOKEN}) satoken_problem{${ON_TOKENS}, reason=~"rotation_overdue|stale"})`,
          steps: [COLORS.critical, [900, COLORS.warning], [3_600, COLORS.note]],
        }),
        stat({
          title: 'Affected nodes',
          description: 'Nodes on which at least one token fails a critical check.',
          unit: 'short',
          expr: `sum(sum by (${BY_NODE}) (satoken_problems{${ON_NODES}, ${CRITICAL}}) > bool 0)`,
          steps: ZERO_OR_CRITICAL,
        }),
        stat({
          title: 'Missing exporters',
          description:
            'Nodes of the cluster without an exporter. Needs `kube_node_info` of kube-state-metrics, with the same `cluster` label.',
          unit: 'short',
          empty: 'Needs kube-state-metrics',
          expr: `count(kube_node_info{${ON_NODES}}) - (count(${COVERED}) or vector(0))`,
          steps: ZERO_OR_WARNING,
        }),
        counts.seriesShare(ON_NODES),
      ],
    },
    { height: 9, panels: [tokensByState(ON_NODES), problemsByReason(ON_NODES)] },
  ],
};
