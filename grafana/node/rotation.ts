/**
 * Node: whether its kubelet rotates tokens, and when it was restarted.
 */

import { NEEDS_ALL } from '../common/empty.ts';
import { looksOf } from '../parts/colors.ts';
import type { Section } from '../parts/layout.ts';
import { graph } from '../parts/panels.ts';
import { inMinutes, lagQuantile, ON_NODE } from '../parts/promql.ts';

const AGE = inMinutes(`time() - satoken_issued_timestamp_seconds{${ON_NODE}}`);

const rotationLag = graph({
  title: 'Rotation lag',
  description:
    'Time from the refresh being due to the new token being issued. A healthy kubelet takes up to about 100 s. Gaps: no token was rotated.',
  unit: 'suffix:s',
  limit: 100,
  empty: 'No token was rotated',
  queries: [
    { expr: lagQuantile(0.5, ON_NODE), legend: 'median' },
    { expr: lagQuantile(0.99, ON_NODE), legend: '99th percentile' },
  ],
  looks: looksOf(['99th percentile', 'median']),
});

export const rotation: Section = {
  title: 'Rotation',
  lines: [
    {
      height: 8,
      panels: [
        graph({
          title: 'Share of tokens rotated',
          description:
            'Share of all tokens that were rotated in each interval. A peak near 100 % is a restart of the kubelet, which requests every token again. 0 for an hour means that no token is rotated.',
          unit: 'percentunit',
          softMax: 1,
          limit: 0.9,
          queries: [
            {
              // A token that is rotated twice in an interval counts twice.
              expr: `clamp_max(sum(increase(satoken_rotations_total{${ON_NODE}}[$__rate_interval])) / sum(satoken_tokens{${ON_NODE}}), 1)`,
              legend: 'rotated',
            },
          ],
        }),
        graph({
          title: 'Token age',
          description:
            'Age of the youngest and the median projected token, and the age that a tenth of them exceed. If all of them fall to 0 together, the kubelet was restarted; if all of them rise together, it no longer rotates tokens. Needs `--metrics.per-token=all`.',
          unit: 'suffix:min',
          empty: NEEDS_ALL,
          queries: [
            { expr: `quantile(0.9, ${AGE})`, legend: '90th percentile' },
            { expr: `quantile(0.5, ${AGE})`, legend: 'median' },
            // Not a token that is not valid yet.
            { expr: `min(${AGE} >= 0)`, legend: 'youngest' },
          ],
          looks: looksOf(['90th percentile', 'median', 'youngest']),
        }),
        graph({
          title: 'Canary age',
          description:
            "Age of the exporter's own ten-minute token, and the age at which its refresh is due. Healthy: a sawtooth that falls soon after it crosses the line.",
          unit: 'suffix:min',
          empty: 'No canary mounted',
          queries: [
            {
              expr: inMinutes(`time() - max by (node) (satoken_canary_issued_timestamp_seconds{${ON_NODE}})`),
              legend: 'age',
            },
            {
              expr: inMinutes(
                `max by (node) (satoken_canary_refresh_due_timestamp_seconds{${ON_NODE}} - satoken_canary_issued_timestamp_seconds{${ON_NODE}})`,
              ),
              legend: 'refresh due',
            },
          ],
          looks: looksOf(['refresh due', 'age']),
        }),
        rotationLag,
      ],
    },
  ],
};
