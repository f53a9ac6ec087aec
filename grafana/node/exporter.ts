/**
 * Node: whether its exporter has current and correct data.
 */

import { bars } from '../common/bars.ts';
import { COLORS } from '../parts/colors.ts';
import type { Section } from '../parts/layout.ts';
import { timeline, type Words } from '../parts/panels.ts';
import { ON_NODE } from '../parts/promql.ts';

const STATUS: Words = [
  ['1', 'ok', COLORS.good],
  ['0', 'failing', COLORS.critical],
];

export const exporter: Section = {
  title: 'Exporter on this node',
  lines: [
    {
      height: 8,
      panels: [
        timeline({
          title: 'Self-check',
          description:
            'Whether the exporter sees its own tokens in the directory of the kubelet, with the same content as in its own mount. If not, its data on other pods cannot be trusted.',
          unit: 'none',
          empty: 'The exporter does not know its pod',
          query: { expr: `min by (check) (satoken_self_view{${ON_NODE}})`, legend: '{{check}}' },
          words: STATUS,
        }),
        timeline({
          title: 'API server',
          description:
            'Whether data from the API server is up to date, by resource. Otherwise checks that need it have no verdict.',
          unit: 'none',
          empty: 'The API server is not used',
          query: { expr: `min by (resource) (satoken_cluster_up{${ON_NODE}})`, legend: '{{resource}}' },
          words: STATUS,
        }),
        bars({
          title: 'Checks without a verdict',
          description:
            'Tokens for which a check has no verdict because data is missing now, usually from the API server, by check.',
          empty: 'Every check has a verdict',
          labels: ['check'],
          column: 'Tokens',
          expr: `sum by (check) (label_replace(satoken_check_unknown{${ON_NODE}} > 0,\n"check", "$1", "reason", "(.*)"))`,
        }),
      ],
    },
  ],
};
