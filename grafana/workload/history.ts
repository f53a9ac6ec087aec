/**
 * Workload: the history of its tokens.
 */

import { REASONS } from '../../src/core/checks/index.ts';
import { NEEDS_ALL, NONE_FAILS } from '../common/empty.ts';
import { STATES } from '../common/tokens.ts';
import { looksOf } from '../parts/colors.ts';
import type { Section } from '../parts/layout.ts';
import { graph, timeline } from '../parts/panels.ts';
import { failing, passedTimes, timeSince } from '../parts/promql.ts';
import { table } from '../parts/table.ts';
import { TOKENS } from './chosen.ts';

const ONE = '{{pod}} {{volume}}/{{path}}';

export const history: Section = {
  title: 'History',
  lines: [
    {
      height: 9,
      panels: [
        graph({
          title: 'Age of each token',
          description:
            'A sawtooth: each fall is a rotation. A line that only rises is a token that is not rotated. With `--metrics.per-token=problems` tokens are shown only while a check fails.',
          unit: 's',
          empty: NEEDS_ALL,
          queries: [
            {
              expr: timeSince('issued', TOKENS),
              legend: ONE,
            },
          ],
        }),
        timeline({
          title: 'State of each token',
          description:
            'The state of each token over time. Healthy: fresh, with a short interval of refresh due at the end. With `--metrics.per-token=problems` tokens are shown only while a check fails.',
          unit: 'none',
          empty: NEEDS_ALL,
          query: { expr: passedTimes(TOKENS), legend: ONE },
          words: STATES,
        }),
      ],
    },
    {
      height: 8,
      panels: [
        graph({
          title: 'Problems',
          description: 'Tokens of the workload that fail a check, by reason. Empty if there is no problem.',
          unit: 'short',
          empty: NONE_FAILS,
          queries: [{ expr: `count by (reason) (${failing(TOKENS)})`, legend: '{{reason}}' }],
          looks: looksOf(REASONS),
        }),
        table({
          title: 'Recent problems',
          description:
            'The last time at which a check failed within the selected time range, with a resolution of a minute. Includes resolved problems and deleted pods.',
          empty: 'None in the selected time range (or --metrics.per-token=none)',
          labels: ['runbook', 'reason', 'pod', 'volume', 'path'],
          columns: [
            {
              title: 'Last seen',
              expr: `label_replace(\nmax_over_time(timestamp(${failing(TOKENS)})[$__range:1m]) * 1000,\n"runbook", "$1", "reason", "(.*)")`,
              unit: 'dateTimeAsIso',
            },
          ],
          sortBy: 'Last seen',
        }),
      ],
    },
  ],
};
