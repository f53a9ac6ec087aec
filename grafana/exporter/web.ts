/**
 * Exporter health: rejected requests, and whether the web configurations are valid.
 */
import { REJECTION_CODES } from '../../src/metrics/exporter-rows.ts';
import { COLORS, looksOf } from '../parts/colors.ts';
import type { Section } from '../parts/layout.ts';
import { graph } from '../parts/panels.ts';
import { BY_NODE, perHourBy } from '../parts/promql.ts';
import { table } from '../parts/table.ts';
import { FEW_POINTS, NODES } from './chosen.ts';

const INVALID = `satoken_web_config_last_reload_successful{${NODES}} == bool 0`;
const LOADED_AT = `satoken_web_config_last_reload_success_timestamp_seconds{${NODES}}`;

export const web: Section = {
  title: 'Web server',
  lines: [
    {
      height: 8,
      panels: [
        graph({
          title: 'Rejected requests',
          description:
            'Rejected requests per hour by status code: 401 not authenticated, 403 not authorized, 421 unknown host name, 429 rate limit, 500 the check failed, 503 too many pages at once. A scraper without credentials makes a steady line of 401, an attacker who guesses passwords many of 401 and 429. A Prometheus whose own scrapes are rejected shows the target as down instead. Empty if no request is rejected.',
          unit: 'suffix:/h',
          points: FEW_POINTS,
          empty: 'No request is rejected',
          queries: [{ expr: perHourBy('code', 'satoken_web_refusals_total', NODES), legend: '{{code}}' }],
          looks: looksOf(REJECTION_CODES),
        }),
        table({
          title: 'Web configurations',
          description:
            'Exporters with a web configuration: whether the current one is valid, and how long ago the one in use was loaded. A renewed certificate counts as a new configuration.',
          empty: 'No exporter has a web configuration',
          labels: ['node'],
          columns: [
            {
              title: 'Valid',
              expr: `max by (${BY_NODE}) (${INVALID})`,
              words: [
                ['0', 'yes', COLORS.good],
                ['1', 'no', COLORS.critical],
              ],
              isColored: true,
            },
            { title: 'In use for', expr: `time() - max by (${BY_NODE}) (${LOADED_AT})`, unit: 's' },
          ],
          after: ['cluster'],
          rowBy: BY_NODE,
          sortBy: 'Valid',
        }),
      ],
    },
  ],
};
