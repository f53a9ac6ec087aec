/**
 * Exporter health: all agents now, in one line and one by one.
 */
import { COLORS, NONE_IS_BETTER } from '../parts/colors.ts';
import type { Section } from '../parts/layout.ts';
import { stat } from '../parts/panels.ts';
import { BY_NODE } from '../parts/promql.ts';
import { table } from '../parts/table.ts';
import { NODES, ofAgents, TARGETS, USED_CPU } from './chosen.ts';

export const now: Section = {
  title: 'Now',
  lines: [
    {
      height: 4,
      panels: [
        stat({
          title: 'Agents up',
          description: 'Agents that answered the last scrape.',
          unit: 'short',
          expr: `sum(up{${TARGETS}})`,
        }),
        stat({
          title: 'Agents down',
          description: 'Targets of the chosen jobs that did not answer the last scrape.',
          unit: 'short',
          expr: `sum(up{${TARGETS}} == bool 0)`,
          steps: NONE_IS_BETTER,
        }),
        stat({
          title: 'Versions',
          description: 'Different versions that run at the same time: more than one during a roll-out.',
          unit: 'short',
          expr: `count(group by (version, revision) (satoken_exporter_build_info{${TARGETS}}))`,
          steps: [COLORS.good, [2, COLORS.note]],
        }),
        stat({
          title: 'Oldest pass',
          description: 'Time since the last full pass of the agent that is furthest behind.',
          unit: 's',
          expr: `max(time() - satoken_last_scan_timestamp_seconds{${NODES}})`,
          steps: [COLORS.good, [120, COLORS.warning], [300, COLORS.critical]],
        }),
        stat({
          title: 'Bugs',
          description:
            'Failures without a reason code within the chosen time: each is in the log of its agent as "unexpected failure".',
          unit: 'short',
          expr: `sum(increase(satoken_exporter_errors_total{${NODES}}[$__range]))`,
          steps: [COLORS.good, [0.5, COLORS.critical]],
        }),
        stat({
          title: 'Without API server',
          description: 'Agents for which something that they ask the API server for is not current.',
          unit: 'short',
          empty: 'The API server is not asked',
          expr: `sum(min by (${BY_NODE}) (satoken_cluster_up{${NODES}}) == bool 0)`,
          steps: NONE_IS_BETTER,
        }),
      ],
    },
    {
      height: 10,
      panels: [
        table({
          title: 'Agents',
          description: 'Every agent that answers: its version, and what it costs on its node.',
          empty: 'No agent answers',
          labels: ['cluster', 'node', 'version', 'revision', 'node_version'],
          columns: [
            {
              expr: `group by (${BY_NODE}, version, revision, node_version) (${ofAgents('satoken_exporter_build_info')})`,
            },
            {
              title: 'Memory',
              expr: `max by (${BY_NODE}) (${ofAgents('process_resident_memory_bytes')})`,
              unit: 'bytes',
            },
            {
              title: 'CPU',
              expr: `max by (${BY_NODE}) (${USED_CPU})`,
              unit: 'percentunit',
            },
            {
              title: 'Scrape',
              expr: `max by (${BY_NODE}) (${ofAgents('scrape_duration_seconds')})`,
              unit: 's',
            },
            {
              title: 'Pass',
              expr: `max by (${BY_NODE}) (satoken_scan_duration_seconds{${NODES}})`,
              unit: 's',
            },
            {
              title: 'Up for',
              expr: `time() - max by (${BY_NODE}) (${ofAgents('process_start_time_seconds')})`,
              unit: 's',
            },
          ],
          sortBy: 'Memory',
        }),
      ],
    },
  ],
};
