/**
 * Node: whether its agent sees well.
 */

import { readErrors, watchErrors } from '../common/graphs.ts';
import { COLORS } from '../parts/colors.ts';
import type { Section } from '../parts/layout.ts';
import { graph, timeline, type Words } from '../parts/panels.ts';
import { ON_NODE } from '../parts/promql.ts';

const WELL: Words = [
  ['1', 'as it should be', COLORS.good],
  ['0', 'not', COLORS.critical],
];

export const agent: Section = {
  title: 'The agent on this node',
  lines: [
    {
      height: 6,
      panels: [
        timeline({
          title: 'Self view',
          description:
            'Whether the agent sees its own tokens through the folder of the kubelet, and the same as in its own mount. If not, what it says of others is not to be trusted.',
          unit: 'none',
          empty: 'The agent does not know its pod',
          query: { expr: `min by (check) (satoken_self_view{${ON_NODE}})`, legend: '{{check}}' },
          words: WELL,
        }),
        timeline({
          title: 'API server',
          description:
            'Whether what is known from the API server is current, by resource. Checks that need it answer nothing while it is not.',
          unit: 'none',
          empty: 'The API server is not asked',
          query: { expr: `min by (resource) (satoken_cluster_up{${ON_NODE}})`, legend: '{{resource}}' },
          words: WELL,
        }),
      ],
    },
    {
      height: 8,
      panels: [
        readErrors(ON_NODE),
        watchErrors(ON_NODE),
        graph({
          title: 'Watches',
          description:
            'Folders under watch. 0 with `--no-scan.watch`; much fewer than there are volumes where a limit of inotify is reached.',
          unit: 'short',
          queries: [{ expr: `sum(satoken_watches{${ON_NODE}})`, legend: 'watches' }],
        }),
        graph({
          title: 'Checks without an answer',
          description:
            'Tokens that a check cannot judge, by reason: it lacks a fact, most often one that the API server knows.',
          unit: 'short',
          empty: 'Every check has its facts',
          queries: [
            { expr: `sum by (reason) (satoken_check_unknown{${ON_NODE}}) > 0`, legend: '{{reason}}' },
          ],
        }),
      ],
    },
  ],
};
