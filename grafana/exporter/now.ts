/**
 * Exporter health: all exporters now, in counts and one by one.
 */
import { COLORS, ZERO_OR_WARNING } from '../parts/colors.ts';
import type { Section } from '../parts/layout.ts';
import { stat } from '../parts/panels.ts';
import { BY_NODE, withNode } from '../parts/promql.ts';
import { table } from '../parts/table.ts';
import { CPU, NODES, ofExporters, TARGETS } from './chosen.ts';

/** With the version as labels. */
const MEMORY = `max by (${BY_NODE}, version, revision, node_version) (${ofExporters('satoken_exporter_build_info')})
* on (${BY_NODE}) group_left () max by (${BY_NODE}) (${ofExporters('process_resident_memory_bytes')})`;

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
      panels: [
        table({
          title: 'Exporters',
          description:
            'The exporters that can be scraped, with their version and cost, first those with the most memory.',
          empty: 'No exporter can be scraped',
          labels: ['node'],
          columns: [
            { title: 'Memory', expr: MEMORY, unit: 'bytes' },
            {
              title: 'CPU',
              expr: `max by (${BY_NODE}) (${withNode(CPU, NODES)})`,
              unit: 'percentunit',
            },
            {
              title: 'Scrape',
              expr: `max by (${BY_NODE}) (${ofExporters('scrape_duration_seconds')})`,
              unit: 's',
            },
            {
              title: 'Scan',
              expr: `max by (${BY_NODE}) (satoken_scan_duration_seconds{${NODES}})`,
              unit: 's',
            },
            {
              title: 'Uptime',
              expr: `time() - max by (${BY_NODE}) (${ofExporters('process_start_time_seconds')})`,
              unit: 's',
            },
          ],
          after: ['version', 'revision', 'node_version', 'cluster'],
          rowBy: BY_NODE,
          sortBy: 'Memory',
        }),
      ],
    },
  ],
};
