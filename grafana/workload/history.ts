/**
 * Workload: the history of its tokens.
 */

import { NEEDS_ALL } from '../common/empty.ts';
import { STATES } from '../common/tokens.ts';
import type { Section } from '../parts/layout.ts';
import { timeline } from '../parts/panels.ts';
import { asRunbook, BY_TOKEN, failing, firstToExpire, passedTimes } from '../parts/promql.ts';
import { table } from '../parts/table.ts';
import { TOKENS } from './chosen.ts';

/** More lines are not legible. */
const LINES = 25;
const ONE = '{{pod}} {{volume}}/{{path}}';

export const history: Section = {
  title: 'History',
  lines: [
    {
      height: 9,
      panels: [
        timeline({
          title: 'State of each token',
          description: `The state over time of the ${LINES} tokens that expire first. Healthy: fresh, with a short interval of refresh due at the end. With \`--metrics.per-token=problems\` tokens are shown only while a check fails.`,
          unit: 'none',
          empty: NEEDS_ALL,
          query: {
            expr: `${passedTimes(TOKENS)}\nand on (${BY_TOKEN}) ${firstToExpire(LINES, TOKENS)}`,
            legend: ONE,
          },
          words: STATES,
        }),
      ],
    },
    {
      height: 8,
      panels: [
        table({
          title: 'Recent problems',
          description:
            'The last time at which a check failed within the selected time range, with a resolution of a minute. Includes resolved problems and deleted pods.',
          empty: 'None in the selected time range (or --metrics.per-token=none)',
          labels: ['pod', 'volume', 'path', 'reason'],
          columns: [
            {
              title: 'Last seen',
              expr: `max_over_time(timestamp(${failing(TOKENS)})[$__range:1m]) * 1000`,
              unit: 'dateTimeAsIso',
              width: 160,
            },
          ],
          after: ['runbook'],
          rowBy: `${BY_TOKEN}, reason`,
          withLabels: asRunbook,
          sortBy: 'Last seen',
        }),
      ],
    },
  ],
};
