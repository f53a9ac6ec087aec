/**
 * Exporter health: whom the agents refuse, and whether what guards them is what should.
 */
import { REJECTION_CODES } from '../../src/metrics/exporter-rows.ts';
import { COLORS, looksOf } from '../parts/colors.ts';
import type { Section } from '../parts/layout.ts';
import { graph } from '../parts/panels.ts';
import { BY_NODE, rateBy } from '../parts/promql.ts';
import { table } from '../parts/table.ts';
import { NODES } from './chosen.ts';

const NOT_TAKEN = `satoken_web_config_last_reload_successful{${NODES}} == bool 0`;
const TAKEN_AT = `satoken_web_config_last_reload_success_timestamp_seconds{${NODES}}`;

export const guard: Section = {
  title: 'Guard',
  lines: [
    {
      height: 8,
      panels: [
        graph({
          title: 'Refused requests',
          description:
            'Requests that were refused, by status: 401 not known, 403 not allowed, 429 too often, 500 could not be found out. A scraper without credentials makes a steady line of 401, somebody who guesses makes many of 401 and 429. A Prometheus that is refused itself sees its target down instead. Empty while nobody is refused.',
          unit: 'reqps',
          empty: 'Nobody is refused',
          queries: [{ expr: rateBy('code', 'satoken_web_refusals_total', NODES), legend: '{{code}}' }],
          looks: looksOf(REJECTION_CODES),
        }),
        graph({
          title: 'Web configuration not taken',
          description:
            'Agents that go on with the web configuration they had, because what is there now cannot be used. They may not come up again after a restart.',
          unit: 'short',
          empty: 'No agent has a web configuration',
          queries: [{ expr: `sum(${NOT_TAKEN})`, legend: 'agents' }],
        }),
        table({
          title: 'Web configurations',
          description:
            'Agents that have a web configuration: whether they took it as it is now, and since when they go by the one in use. A certificate that is renewed begins anew.',
          empty: 'No agent has a web configuration',
          labels: ['cluster', 'node'],
          columns: [
            {
              title: 'Taken',
              expr: `max by (${BY_NODE}) (${NOT_TAKEN})`,
              words: [
                ['0', 'yes', COLORS.good],
                ['1', 'no', COLORS.critical],
              ],
            },
            { title: 'In use for', expr: `time() - max by (${BY_NODE}) (${TAKEN_AT})`, unit: 's' },
          ],
          sortBy: 'Taken',
        }),
      ],
    },
  ],
};
