/**
 * Node: its tokens in counts, over time, and one by one.
 */

import { causes, problemsByReason } from '../common/bars.ts';
import * as counts from '../common/counts.ts';
import { failingBySeverity, tokensByState } from '../common/graphs.ts';
import { failingTokens, tokenTable } from '../common/tokens.ts';
import { COLORS } from '../parts/colors.ts';
import type { Section } from '../parts/layout.ts';
import { stat } from '../parts/panels.ts';
import { ON_NODE } from '../parts/promql.ts';
import { table } from '../parts/table.ts';

const canary = stat({
  title: 'Canary',
  description:
    "Whether the exporter's own ten-minute token is rotated in time. It is the first to show if rotation on the node is broken.",
  unit: 'none',
  empty: 'No canary mounted',
  expr: `min(satoken_canary_healthy{${ON_NODE}})`,
  steps: [COLORS.critical, [1, COLORS.good]],
  words: [
    ['1', 'healthy', COLORS.good],
    ['0', 'overdue', COLORS.critical],
  ],
});

export const now: Section = {
  title: 'Does the kubelet rotate?',
  lines: [
    {
      height: 4,
      panels: [
        canary,
        counts.overdueCount(ON_NODE),
        counts.firstRejection(ON_NODE, counts.noneOverdue(ON_NODE)),
        counts.rejectedCount(ON_NODE),
        counts.criticalCount(ON_NODE),
        stat({
          title: 'Last full scan ago',
          description:
            'If it is more than a few times `--scan.interval`, all data on this dashboard may be old.',
          unit: 's',
          expr: `time() - max(satoken_last_scan_timestamp_seconds{${ON_NODE}})`,
          steps: [COLORS.good, [120, COLORS.warning], [300, COLORS.critical]],
        }),
      ],
    },
    {
      height: 8,
      panels: [failingTokens(ON_NODE, ['namespace', 'serviceaccount', 'pod', 'file'], [])],
    },
    { height: 9, panels: [tokensByState(ON_NODE), failingBySeverity(ON_NODE)] },
    { height: 10, widths: [15, 9], panels: [problemsByReason(ON_NODE), causes(ON_NODE)] },
  ],
};

export const tokens: Section = {
  title: 'Tokens',
  lines: [
    { height: 12, panels: [tokenTable(ON_NODE, ['namespace', 'serviceaccount', 'pod', 'file'])] },
    {
      height: 7,
      widths: [4, 20],
      panels: [
        counts.seriesShare(ON_NODE),
        table({
          title: 'Unreadable objects',
          description:
            'Objects that the exporter could not read, by reason. A pod has only a UID until the exporter knows its name. `not_mounted` for many pods: the hostPath mount lacks `mountPropagation: HostToContainer`.',
          empty: 'No unreadable objects',
          labels: ['reason', 'namespace', 'pod', 'volume', 'path', 'pod_uid'],
          columns: [
            {
              expr: `group by (cluster, reason, namespace, pod, pod_uid, volume, path) (satoken_unreadable{${ON_NODE}})`,
            },
          ],
          rowBy: 'cluster, reason, pod_uid, volume, path',
        }),
      ],
    },
  ],
};
