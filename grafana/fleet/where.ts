/**
 * Fleet: where workloads cannot authenticate, and since when.
 */

import { NONE_FAILS } from '../common/empty.ts';
import { failingTokens } from '../common/tokens.ts';
import { COLORS } from '../parts/colors.ts';
import type { Section } from '../parts/layout.ts';
import {
  BY_ACCOUNT,
  BY_NODE,
  BY_TOKEN,
  CRITICAL,
  failing,
  IN_CLUSTER,
  ON_NODES,
  ON_TOKENS,
  presentFor,
} from '../parts/promql.ts';
import { table } from '../parts/table.ts';

const FAILING_NODES = `sum by (${BY_NODE}) (satoken_problems{${ON_NODES}}) > 0`;
const FAILING_ACCOUNTS = `count by (${BY_ACCOUNT}) (${failing(ON_TOKENS)})`;

export const where: Section = {
  title: 'Where not, and since when',
  lines: [
    {
      height: 9,
      panels: [
        table({
          title: 'Worst nodes',
          description: 'Nodes with tokens that fail a check, and for how much of the last six hours any did.',
          empty: 'No token fails a check',
          labels: ['cluster', 'node'],
          columns: [
            { title: 'Problems', expr: FAILING_NODES, steps: [COLORS.warning] },
            {
              title: 'Critical',
              expr: `sum by (${BY_NODE}) (satoken_problems{${ON_NODES}, ${CRITICAL}}) > 0`,
              steps: [COLORS.critical],
            },
            { title: 'Failing for (of 6 h)', expr: presentFor(FAILING_NODES), unit: 's' },
          ],
          sortBy: 'Problems',
        }),
        table({
          title: 'Worst service accounts',
          description:
            'Service accounts with tokens that fail a check. Empty with `--metrics.per-token=none`.',
          empty: NONE_FAILS,
          labels: ['cluster', 'namespace', 'serviceaccount'],
          columns: [
            { title: 'Problems', expr: FAILING_ACCOUNTS, steps: [COLORS.warning] },
            {
              title: 'Critical',
              expr: `count by (${BY_ACCOUNT}) (${failing(ON_TOKENS, CRITICAL)})`,
              steps: [COLORS.critical],
            },
            { title: 'Failing for (of 6 h)', expr: presentFor(FAILING_ACCOUNTS), unit: 's' },
          ],
          sortBy: 'Problems',
        }),
      ],
    },
    {
      height: 10,
      panels: [
        failingTokens(ON_TOKENS, ['cluster', 'node', 'namespace', 'serviceaccount', 'pod', 'volume', 'path']),
      ],
    },
    {
      height: 7,
      panels: [
        table({
          title: 'Firing alerts',
          description: 'The alerts of `alerts/rules.yaml` that are firing, each with its runbook.',
          empty: 'No alert is firing (or the rules are not loaded)',
          labels: ['alertname', 'severity', 'cluster', 'node', 'namespace', 'serviceaccount', 'pod'],
          columns: [
            {
              expr: `group by (alertname, severity, ${BY_TOKEN}) (ALERTS{${IN_CLUSTER}, alertname=~"SAToken.+", alertstate="firing"})`,
            },
          ],
        }),
      ],
    },
  ],
};
