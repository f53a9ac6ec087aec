/**
 * Exporter health: requests to the API server, and errors.
 */

import { READ_FAILURES } from '../../src/core/observation.ts';
import { PARTS } from '../../src/metrics/exporter-rows.ts';
import { SUCCESS } from '../../src/sources/api-server/client/requests.ts';
import { WATCH_FAILURES } from '../../src/sources/files/watch.ts';
import { bars } from '../common/bars.ts';
import { looksOf } from '../parts/colors.ts';
import type { Section } from '../parts/layout.ts';
import { graph } from '../parts/panels.ts';
import { perHourBy } from '../parts/promql.ts';
import { table } from '../parts/table.ts';
import { FEW_POINTS, NODES, TARGETS } from './chosen.ts';

const readErrors = graph({
  title: 'Read errors',
  description: 'Failed attempts to read an object, per hour and reason. Empty without errors.',
  unit: 'suffix:/h',
  points: FEW_POINTS,
  empty: 'No read errors',
  queries: [{ expr: perHourBy('reason', 'satoken_read_errors_total', NODES), legend: '{{reason}}' }],
  looks: looksOf(READ_FAILURES),
});

const watchErrors = graph({
  title: 'Watch errors',
  description:
    'Watches that could not be added and events that were lost, per hour and reason. The next scan finds the changes. Empty without errors.',
  unit: 'suffix:/h',
  points: FEW_POINTS,
  empty: 'No watch errors',
  queries: [{ expr: perHourBy('reason', 'satoken_watch_errors_total', NODES), legend: '{{reason}}' }],
  looks: looksOf(WATCH_FAILURES),
});

export const api: Section = {
  title: 'API server',
  lines: [
    {
      height: 8,
      panels: [
        graph({
          title: 'Requests',
          description: 'Requests to the API server per hour, by resource.',
          unit: 'suffix:/h',
          points: FEW_POINTS,
          empty: 'The API server is not used',
          queries: [
            { expr: perHourBy('resource', 'satoken_cluster_requests_total', NODES), legend: '{{resource}}' },
          ],
          looks: looksOf(Object.keys(SUCCESS)),
        }),
        bars({
          title: 'Outdated data',
          description:
            'Exporters with outdated data from the API server, by resource and reason: `forbidden` is a missing permission.',
          empty: 'All data is up to date, or not requested',
          labels: ['resource', 'reason'],
          column: 'Exporters',
          expr: `count by (resource, reason) (satoken_cluster_failure{${NODES}})`,
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
      widths: [5, 5, 5, 9],
      panels: [
        readErrors,
        watchErrors,
        graph({
          title: 'Internal errors by component',
          description:
            'Unexpected errors per hour, by component of the exporter. Each is a bug. Empty without errors.',
          unit: 'suffix:/h',
          points: FEW_POINTS,
          empty: 'None',
          queries: [{ expr: perHourBy('part', 'satoken_exporter_errors_total', NODES), legend: '{{part}}' }],
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
