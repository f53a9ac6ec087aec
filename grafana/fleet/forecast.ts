/**
 * Fleet: who could not authenticate by when, if no token were replaced from now on.
 */

import { NEEDS_ALL } from '../common/empty.ts';
import { COLORS } from '../parts/colors.ts';
import type { Section } from '../parts/layout.ts';
import { bars, stat } from '../parts/panels.ts';
import { BY_ACCOUNT, ifComplete, ON_NODES, ON_TOKENS, timeLeft } from '../parts/promql.ts';
import { table } from '../parts/table.ts';

function deadWithin(seconds: number): string {
  return ifComplete(`sum(${timeLeft(ON_TOKENS)} < bool ${seconds})`, ON_NODES);
}

function shareDeadWithin(seconds: number): string {
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
  title: 'If no token were replaced from now on',
  lines: [
    {
      height: 9,
      widths: [4, 4, 6, 10],
      panels: [
        stat({
          title: 'Dead within 15 min',
          description:
            'Tokens that the API server would refuse a quarter of an hour from now if refreshing stopped, those it refuses already among them. Needs `--metrics.per-token=all` on all chosen nodes.',
          unit: 'short',
          empty: NEEDS_ALL,
          expr: deadWithin(900),
        }),
        stat({
          title: 'Dead within 60 min',
          description:
            'The same for an hour from now: how far an outage of the API server, or of a kubelet, would reach. Needs `--metrics.per-token=all` on all chosen nodes.',
          unit: 'short',
          empty: NEEDS_ALL,
          expr: deadWithin(3_600),
        }),
        bars({
          title: 'Share dead by then',
          description:
            'The same as a share of all tokens that expire. Needs `--metrics.per-token=all` on all chosen nodes.',
          unit: 'percentunit',
          empty: NEEDS_ALL,
          max: 1,
          steps: [COLORS.plain],
          queries: HORIZONS.map(([seconds, legend]) => ({ expr: shareDeadWithin(seconds), legend })),
        }),
        table({
          title: 'Who would be first',
          description:
            'The twenty service accounts whose tokens would be refused first. Needs `--metrics.per-token=all` on all chosen nodes.',
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
