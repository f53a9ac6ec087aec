/**
 * Exporter health: what the agents cannot do.
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
          description: 'Requests to the API server, by resource and by the status of the answer.',
          unit: 'reqps',
          empty: 'The API server is not asked',
          queries: [
            {
              expr: `sum by (resource, code) (rate(satoken_cluster_requests_total{${NODES}}[$__rate_interval])) > 0`,
              legend: '{{resource}} {{code}}',
            },
          ],
        }),
        graph({
          title: 'Agents that do not know',
          description: 'Agents for which a resource is not current, by resource. Empty while all is well.',
          unit: 'short',
          empty: 'All is current, or not asked for',
          queries: [
            { expr: `count by (resource) (satoken_cluster_up{${NODES}} == 0)`, legend: '{{resource}}' },
          ],
          looks: looksOf(CLUSTER_RESOURCES),
        }),
        graph({
          title: 'Why they do not know',
          description:
            'The same by what is wrong: `forbidden` is a missing permission. Empty while all is well.',
          unit: 'short',
          empty: 'All is current, or not asked for',
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
          title: 'Unexpected failures',
          description:
            'Failures without a reason code, by part of the agent: bugs. Empty while there are none.',
          unit: 'ops',
          empty: 'None',
          queries: [{ expr: rateBy('part', 'satoken_exporter_errors_total', NODES), legend: '{{part}}' }],
          looks: looksOf(PARTS),
        }),
        table({
          title: 'Agents by version',
          description: 'How many agents run which version, on which Node.',
          empty: 'No agent answers',
          labels: ['version', 'revision', 'node_version'],
          columns: [
            {
              title: 'Agents',
              expr: `count by (version, revision, node_version) (satoken_exporter_build_info{${TARGETS}})`,
            },
          ],
          sortBy: 'Agents',
        }),
      ],
    },
  ],
};
