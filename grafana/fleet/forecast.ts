/**
 * Fleet: forecast of the tokens that expire if rotation stops now.
 */

import { NEEDS_ALL } from '../common/empty.ts';
import { COLORS } from '../parts/colors.ts';
import type { Section } from '../parts/layout.ts';
import { bars, stat } from '../parts/panels.ts';
import { BY_ACCOUNT, ifComplete, ON_NODES, ON_TOKENS, timeLeft } from '../parts/promql.ts';
import { table } from '../parts/table.ts';

function expiringWithin(seconds: number): string {
  return ifComplete(`sum(${timeLeft(ON_TOKENS)} < bool ${seconds})`, ON_NODES);
}

function shareExpiredWithin(seconds: number): string {
  return ifComplete(`avg(${timeLeft(ON_TOKENS)} < bool ${seconds})`, ON_NODES);
}

const HORIZONS = [
  [300, '5 min'],
  [900, '15 min'],
  [3_600, '1 h'],
  [14_400, '4 h'],
  [86_400, '1 day'],
] as const;

export const forecast: Section = {
  title: 'If rotation stops now',
  lines: [
    {
      height: 9,
      widths: [4, 4, 6, 10],
      panels: [
        stat({
          title: 'Expiring within 15 min',
          description:
            'Tokens that are expired or would expire within 15 minutes if rotation stopped. Needs `--metrics.per-token=all` on all selected nodes.',
          unit: 'short',
          empty: NEEDS_ALL,
          expr: expiringWithin(900),
        }),
        stat({
          title: 'Expiring within 60 min',
          description:
            'The same within an hour: the impact of an outage of the API server or of a kubelet. Needs `--metrics.per-token=all` on all selected nodes.',
          unit: 'short',
          empty: NEEDS_ALL,
          expr: expiringWithin(3_600),
        }),
        bars({
          title: 'Share expired over time',
          description:
            'The same as a share of all tokens that can expire. Needs `--metrics.per-token=all` on all selected nodes.',
          unit: 'percentunit',
          empty: NEEDS_ALL,
          max: 1,
          steps: [COLORS.plain],
          queries: HORIZONS.map(([seconds, legend]) => ({ expr: shareExpiredWithin(seconds), legend })),
        }),
        table({
          title: 'First to expire',
          description:
            'The twenty service accounts whose tokens would expire first. Needs `--metrics.per-token=all` on all selected nodes.',
          empty: NEEDS_ALL,
          labels: ['cluster', 'namespace', 'serviceaccount'],
          columns: [
            {
              title: 'Time left',
              expr: ifComplete(`bottomk(20, min by (${BY_ACCOUNT}) (${timeLeft(ON_TOKENS)} > 0))`, ON_NODES),
              unit: 's',
            },
          ],
        }),
      ],
    },
  ],
};
