/**
 * Exporter health: all exporters now, in counts and one by one.
 */
import { COLORS, ZERO_OR_WARNING } from '../parts/colors.ts';
import type { Section } from '../parts/layout.ts';
import { stat } from '../parts/panels.ts';
import { BY_NODE, BY_TARGET } from '../parts/promql.ts';
import { ROWS, table } from '../parts/table.ts';
import { CPU, NODES, TARGETS } from './chosen.ts';

/** The exporters in the table, by their targets. Joins with few of them are cheap. */
const LONGEST = `group by (${BY_TARGET}, node) (topk(${ROWS}, satoken_scan_duration_seconds{${NODES}}))`;

/** A metric of the target, for the exporters in the table. */
function ofLongest(expr: string): string {
  return `${expr}\n* on (${BY_TARGET}) group_left (node) ${LONGEST}`;
}

export const now: Section = {
  title: 'Are the exporters healthy?',
  lines: [
    {
      height: 4,
      panels: [
        stat({
          title: 'Exporters down',
          description: 'Targets of the selected jobs whose last scrape failed.',
          unit: 'short',
          expr: `sum(up{${TARGETS}} == bool 0)`,
          steps: ZERO_OR_WARNING,
        }),
        stat({
          title: 'Oldest scan',
          description: 'Longest time since the last full scan of an exporter.',
          unit: 's',
          expr: `max(time() - satoken_last_scan_timestamp_seconds{${NODES}})`,
          steps: [COLORS.good, [120, COLORS.warning], [300, COLORS.critical]],
        }),
        stat({
          title: 'Internal errors',
          description:
            'Unexpected errors in the selected time range. Each is logged by its exporter as "unexpected failure".',
          unit: 'short',
          expr: `ceil(sum(increase(satoken_exporter_errors_total{${NODES}}[$__range])))`,
          steps: [COLORS.good, [1, COLORS.critical]],
        }),
        stat({
          title: 'Outdated API data',
          description: 'Exporters with outdated data from the API server.',
          unit: 'short',
          empty: 'The API server is not used',
          expr: `sum(min by (${BY_NODE}) (satoken_cluster_up{${NODES}}) == bool 0)`,
          steps: ZERO_OR_WARNING,
        }),
      ],
    },
    {
      height: 10,
      widths: [17, 7],
      panels: [
        table({
          title: 'Exporters',
          description:
            'The exporters that can be scraped, with their version and cost, those with the longest scans. At most 200 rows.',
          empty: 'No exporter can be scraped',
          labels: ['node'],
          columns: [
            {
              expr: `group by (${BY_NODE}, version, node_version) (${ofLongest(`satoken_exporter_build_info{${TARGETS}}`)})`,
            },
            {
              title: 'Memory',
              expr: `max by (${BY_NODE}) (${ofLongest(`process_resident_memory_bytes{${TARGETS}}`)})`,
              unit: 'bytes',
            },
            { title: 'CPU', expr: `max by (${BY_NODE}) (${ofLongest(CPU)})`, unit: 'percentunit' },
            {
              title: 'Scrape',
              expr: `max by (${BY_NODE}) (${ofLongest(`scrape_duration_seconds{${TARGETS}}`)})`,
              unit: 's',
            },
            {
              title: 'Scan',
              expr: `max by (${BY_NODE}) (topk(${ROWS}, satoken_scan_duration_seconds{${NODES}}))`,
              unit: 's',
            },
            {
              title: 'Uptime',
              expr: `time() - max by (${BY_NODE}) (${ofLongest(`process_start_time_seconds{${TARGETS}}`)})`,
              unit: 's',
            },
          ],
          after: ['version', 'node_version', 'cluster'],
          sortBy: 'Memory',
        }),
        table({
          title: 'Targets down',
          description:
            'Targets of the selected jobs whose last scrape failed. The page of targets of Prometheus says why.',
          empty: 'Every target can be scraped',
          labels: ['instance', 'job'],
          columns: [{ expr: `group by (${BY_TARGET}) (up{${TARGETS}} == 0)` }],
          after: ['cluster'],
          rowBy: BY_TARGET,
        }),
      ],
    },
  ],
};
