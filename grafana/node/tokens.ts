/**
 * Node: how its tokens are, in one line, over time, and one by one.
 */

import * as counts from '../common/counts.ts';
import { problemsByReason, tokensByState } from '../common/graphs.ts';
import { failingTokens, tokenTable } from '../common/tokens.ts';
import { COLORS, NONE_IS_BETTER } from '../parts/colors.ts';
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
        counts.refusedCount(ON_NODE),
        counts.criticalCount(ON_NODE),
        counts.lateCount(ON_NODE),
        stat({
          title: 'Not readable',
          description: 'Objects that the agent could not read: nothing is known of what is in them.',
          unit: 'short',
          empty: '0',
          expr: `count(satoken_unreadable{${ON_NODE}})`,
          steps: NONE_IS_BETTER,
        }),
        stat({
          title: 'Last full pass ago',
          description: 'Older than a few times `--scan.interval`: what else is shown here may be old too.',
          unit: 's',
          expr: `time() - max(satoken_last_scan_timestamp_seconds{${ON_NODE}})`,
          steps: [COLORS.good, [120, COLORS.warning], [300, COLORS.critical]],
        }),
        stat({
          title: 'Canary',
          description:
            "Whether the agent's own ten-minute token is replaced in time: the first to show that the kubelet's refresh is broken.",
          unit: 'none',
          empty: 'No canary mounted',
          expr: `min(satoken_canary_healthy{${ON_NODE}})`,
          steps: [COLORS.critical, [1, COLORS.good]],
          words: [
            ['1', 'sings', COLORS.good],
            ['0', 'silent', COLORS.critical],
          ],
        }),
        counts.shownShare(ON_NODE),
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
          title: 'What cannot be read',
          description:
            'What the agent could not read, and why. `not_mounted` for many pods: the hostPath lacks `mountPropagation: HostToContainer`.',
          empty: 'Everything can be read',
          labels: ['reason', 'pod_uid', 'volume', 'path'],
          columns: [{ expr: `group by (reason, pod_uid, volume, path) (satoken_unreadable{${ON_NODE}})` }],
        }),
      ],
    },
  ],
};
