/**
 * Exporter health: requests to the API server, and errors.
 */
import { CLUSTER_FAILURES, CLUSTER_RESOURCES } from '../../src/core/cluster-facts.ts';
import { PARTS } from '../../src/metrics/exporter-rows.ts';
import { readErrors, watchErrors } from '../common/graphs.ts';
import { looksOf } from '../parts/colors.ts';
import type { Section } from '../parts/layout.ts';
import { graph } from '../parts/panels.ts';
import { rateBy } from '../parts/promql.ts';
import { table } from '../parts/table.ts';
import { NODES, TARGETS } from './chosen.ts';

export const api: Section = {
  title: 'API server',
  lines: [
    {
      height: 8,
      panels: [
        graph({
          title: 'Requests',
          description: 'Requests to the API server, by resource and by status code or failure.',
          unit: 'reqps',
          empty: 'The API server is not used',
          queries: [
            {
              expr: `sum by (resource, code) (rate(satoken_cluster_requests_total{${NODES}}[$__rate_interval])) > 0`,
              legend: '{{resource}} {{code}}',
            },
          ],
        }),
        graph({
          title: 'Outdated by resource',
          description:
            'Exporters with outdated data from the API server, by resource. Empty if all data is up to date.',
          unit: 'short',
          empty: 'All data is up to date, or not requested',
          queries: [
            { expr: `count by (resource) (satoken_cluster_up{${NODES}} == 0)`, legend: '{{resource}}' },
          ],
          looks: looksOf(CLUSTER_RESOURCES),
        }),
        graph({
          title: 'Outdated by reason',
          description:
            'The same by reason: `forbidden` is a missing permission. Empty if all data is up to date.',
          unit: 'short',
          empty: 'All data is up to date, or not requested',
          queries: [{ expr: `count by (reason) (satoken_cluster_failure{${NODES}})`, legend: '{{reason}}' }],
          looks: looksOf(CLUSTER_FAILURES),
        }),
      ],
    },
  ],
};

export const errors: Section = {
  title: 'Errors',
  lines: [
    {
      height: 8,
      panels: [
        readErrors(NODES),
        watchErrors(NODES),
        graph({
          title: 'Internal errors by component',
          description: 'Unexpected errors by component of the exporter. Each is a bug. Empty without errors.',
          unit: 'ops',
          empty: 'None',
          queries: [{ expr: rateBy('part', 'satoken_exporter_errors_total', NODES), legend: '{{part}}' }],
          looks: looksOf(PARTS),
        }),
        table({
          title: 'Exporters by version',
          description: 'Number of exporters by version of the exporter and of Node.js.',
          empty: 'No exporter can be scraped',
          labels: ['version', 'revision', 'node_version'],
          columns: [
            {
              title: 'Exporters',
              expr: `count by (version, revision, node_version) (satoken_exporter_build_info{${TARGETS}})`,
            },
          ],
          sortBy: 'Exporters',
        }),
      ],
    },
  ],
};
