/**
 * Node: its tokens in counts, over time, and one by one.
 */

import * as counts from '../common/counts.ts';
import { problemsByReason, tokensByState } from '../common/graphs.ts';
import { failingTokens, tokenTable } from '../common/tokens.ts';
import { COLORS, ZERO_OR_WARNING } from '../parts/colors.ts';
import type { Section } from '../parts/layout.ts';
import { stat } from '../parts/panels.ts';
import { ON_NODE } from '../parts/promql.ts';
import { table } from '../parts/table.ts';

export const now: Section = {
  title: 'Now',
  lines: [
    {
      height: 4,
      panels: [
        counts.tokenCount(ON_NODE),
        counts.rejectedCount(ON_NODE),
        counts.criticalCount(ON_NODE),
        counts.overdueCount(ON_NODE),
        stat({
          title: 'Unreadable',
          description: 'Objects that the exporter could not read. It has no data on the tokens in them.',
          unit: 'short',
          empty: '0',
          expr: `count(satoken_unreadable{${ON_NODE}})`,
          steps: ZERO_OR_WARNING,
        }),
        stat({
          title: 'Time since last full scan',
          description:
            'If it is more than a few times `--scan.interval`, all data on this dashboard may be old.',
          unit: 's',
          expr: `time() - max(satoken_last_scan_timestamp_seconds{${ON_NODE}})`,
          steps: [COLORS.good, [120, COLORS.warning], [300, COLORS.critical]],
        }),
        stat({
          title: 'Canary',
          description:
            "Whether the exporter's own ten-minute token is rotated in time. It is the first to show that rotation on the node is broken.",
          unit: 'none',
          empty: 'No canary mounted',
          expr: `min(satoken_canary_healthy{${ON_NODE}})`,
          steps: [COLORS.critical, [1, COLORS.good]],
          words: [
            ['1', 'healthy', COLORS.good],
            ['0', 'late', COLORS.critical],
          ],
        }),
        counts.seriesShare(ON_NODE),
      ],
    },
    { height: 9, panels: [tokensByState(ON_NODE), problemsByReason(ON_NODE)] },
  ],
};

export const tokens: Section = {
  title: 'Tokens',
  lines: [
    {
      height: 8,
      panels: [failingTokens(ON_NODE, ['namespace', 'serviceaccount', 'pod', 'volume', 'path'])],
    },
    { height: 12, panels: [tokenTable(ON_NODE)] },
    {
      height: 7,
      panels: [
        table({
          title: 'Unreadable objects',
          description:
            'Objects that the exporter could not read, by reason. `not_mounted` for many pods: the hostPath mount lacks `mountPropagation: HostToContainer`.',
          empty: 'No unreadable objects',
          labels: ['reason', 'namespace', 'pod', 'pod_uid', 'volume', 'path'],
          columns: [
            {
              expr: `group by (reason, namespace, pod, pod_uid, volume, path) (satoken_unreadable{${ON_NODE}})`,
            },
          ],
        }),
      ],
    },
  ],
};
