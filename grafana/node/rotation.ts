/**
 * Node: whether its kubelet replaces tokens, and when it was restarted.
 */

import { NEEDS_ALL, NONE_FAILS } from '../common/empty.ts';
import { causes, rotationLag } from '../common/graphs.ts';
import { looksOf } from '../parts/colors.ts';
import type { Section } from '../parts/layout.ts';
import { graph } from '../parts/panels.ts';
import { BY_TOKEN, failing, ON_NODE, timeSince } from '../parts/promql.ts';

const AGE = `(time() - satoken_issued_timestamp_seconds{${ON_NODE}})`;

export const rotation: Section = {
  title: 'Rotation',
  lines: [
    {
      height: 8,
      panels: [
        graph({
          title: 'Share of tokens replaced',
          description:
            'Tokens replaced within the interval of a point, as a share of all. A peak near 100 % is a kubelet that was restarted: it asks for every token anew. At 0 for an hour, nothing is refreshed.',
          unit: 'percentunit',
          limit: 0.9,
          queries: [
            {
              expr: `sum(increase(satoken_rotations_total{${ON_NODE}}[$__rate_interval])) / sum(satoken_tokens{${ON_NODE}})`,
              legend: 'replaced',
            },
          ],
        }),
        graph({
          title: 'Age of tokens',
          description:
            'Age of the oldest, the median and the youngest projected token. All of them falling to 0 together is a restart of the kubelet; all of them rising together is one that no longer refreshes. Needs `--metrics.per-token=all`.',
          unit: 's',
          empty: NEEDS_ALL,
          queries: [
            { expr: `max(${AGE})`, legend: 'oldest' },
            { expr: `quantile(0.5, ${AGE})`, legend: 'median' },
            { expr: `min(${AGE})`, legend: 'youngest' },
          ],
          looks: looksOf(['oldest', 'median', 'youngest']),
        }),
        rotationLag(ON_NODE),
      ],
    },
    {
      height: 8,
      panels: [
        graph({
          title: 'Overdue tokens',
          description:
            'Time since the refresh was due, of tokens that are late. Where a line ends, the kubelet has replaced the token, or the pod has gone.',
          unit: 's',
          empty: NONE_FAILS,
          queries: [
            {
              expr: `${timeSince('refresh_due', ON_NODE)}\nand on (${BY_TOKEN}) ${failing(ON_NODE, 'reason="rotation_overdue"')}`,
              legend: '{{namespace}}/{{pod}} {{volume}}/{{path}}',
            },
          ],
        }),
        causes(ON_NODE),
        graph({
          title: "Canary's age",
          description:
            "Age of the agent's own ten-minute token, and the age at which it should be replaced. Healthy: a saw that turns back soon after the line.",
          unit: 's',
          empty: 'No canary mounted',
          queries: [
            {
              expr: `time() - max by (node) (satoken_canary_issued_timestamp_seconds{${ON_NODE}})`,
              legend: 'age',
            },
            {
              expr: `max by (node) (satoken_canary_refresh_due_timestamp_seconds{${ON_NODE}} - satoken_canary_issued_timestamp_seconds{${ON_NODE}})`,
              legend: 'refresh due',
            },
          ],
          looks: looksOf(['refresh due', 'age']),
        }),
      ],
    },
  ],
};
