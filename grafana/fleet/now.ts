/**
 * Fleet: whether workloads can authenticate, where not, and who is next.
 */

import { causes } from '../common/bars.ts';
import * as counts from '../common/counts.ts';
import { NONE_FAILS } from '../common/empty.ts';
import { failingTokens, TIME_LEFT } from '../common/tokens.ts';
import { ZERO_OR_CRITICAL, ZERO_OR_WARNING } from '../parts/colors.ts';
import type { Section } from '../parts/layout.ts';
import { stat } from '../parts/panels.ts';
import {
  BY_ACCOUNT,
  BY_NAMESPACE,
  BY_NODE,
  CRITICAL,
  failingFor,
  ON_NODES,
  ON_TOKENS,
  timeUntilRejection,
} from '../parts/promql.ts';
import { type Column, type FirstColumn, table } from '../parts/table.ts';

const COVERED = `kube_node_info{${ON_NODES}} and on (${BY_NODE}) satoken_watches{${ON_NODES}}`;
/** Of a token with another critical problem, such as a missing service account, the expiration does not matter. */
const STILL_WORKING = timeUntilRejection(ON_TOKENS, 'reason=~"rotation_overdue|stale|subpath_frozen"');

function count(title: string, expr: string): FirstColumn {
  return { title, expr, width: 80 };
}

function firstRejection(labels: string): Column {
  return { ...TIME_LEFT, title: 'Rejected in', expr: `min by (${labels}) (${STILL_WORKING})`, width: 110 };
}

/** Failing tokens by some labels, and the critical ones among them; every row has both. */
function countColumns(labels: string): readonly [FirstColumn, Column] {
  const all = `count by (${labels}) (satoken_problem{${ON_TOKENS}})`;
  return [
    count('Critical', `count by (${labels}) (satoken_problem{${ON_TOKENS}, ${CRITICAL}})\nor ${all} * 0`),
    count('Problems', all),
  ];
}

const namespaces = table({
  title: 'Failing namespaces',
  description:
    'Namespaces with tokens that fail a check, since when, and the time until the first token that is not rotated, or its copy in a container, expires. Empty with `--metrics.per-token=none`.',
  empty: NONE_FAILS,
  labels: ['namespace'],
  columns: [
    ...countColumns(BY_NAMESPACE),
    { title: 'Failing for', expr: failingFor(BY_NAMESPACE, ON_TOKENS), unit: 's' },
    firstRejection(BY_NAMESPACE),
  ],
  after: ['cluster'],
  rowBy: BY_NAMESPACE,
  sortBy: 'Critical',
});

const accounts = table({
  title: 'Failing service accounts',
  description:
    'Service accounts with tokens that fail a check, since when, and the time until the first token that is not rotated, or its copy in a container, expires. Empty with `--metrics.per-token=none`.',
  empty: NONE_FAILS,
  labels: ['namespace', 'serviceaccount'],
  columns: [
    ...countColumns(BY_ACCOUNT),
    { title: 'Failing for', expr: failingFor(BY_ACCOUNT, ON_TOKENS), unit: 's' },
    firstRejection(BY_ACCOUNT),
  ],
  after: ['cluster'],
  rowBy: BY_ACCOUNT,
  sortBy: 'Critical',
});

/** Few series of all nodes: those without failing tokens are left out first. */
function failingOn(severity: string): string {
  return `sum by (${BY_NODE}) (satoken_failing_tokens{${ON_NODES}${severity}} > 0)`;
}

const nodes = table({
  title: 'Failing nodes',
  description:
    'Nodes with tokens that fail a check, since when, and the time until the first token that is not rotated, or its copy in a container, expires. Without times with `--metrics.per-token=none`.',
  empty: 'No token fails a check',
  labels: ['node'],
  columns: [
    count('Critical', `${failingOn(`, ${CRITICAL}`)}\nor ${failingOn('')} * 0`),
    count('Tokens', failingOn('')),
    { title: 'Failing for', expr: failingFor(BY_NODE, ON_TOKENS), unit: 's' },
    firstRejection(BY_NODE),
  ],
  after: ['cluster'],
  rowBy: BY_NODE,
  sortBy: 'Critical',
});

export const now: Section = {
  title: 'Can workloads authenticate, where not, and who is next?',
  lines: [
    {
      height: 4,
      panels: [
        counts.rejectedCount(ON_NODES),
        counts.criticalCount(ON_NODES),
        counts.overdueCount(ON_NODES),
        counts.firstRejection(ON_TOKENS, counts.noneOverdue(ON_NODES)),
        stat({
          title: 'Affected nodes',
          description: 'Nodes on which at least one token fails a critical check.',
          unit: 'short',
          expr: `sum(sum by (${BY_NODE}) (satoken_failing_tokens{${ON_NODES}, ${CRITICAL}}) > bool 0)`,
          steps: ZERO_OR_CRITICAL,
        }),
        stat({
          title: 'Missing exporters',
          description:
            'Nodes of the cluster without an exporter. Needs `kube_node_info` of kube-state-metrics, with the same `cluster` label.',
          unit: 'short',
          empty: 'Needs kube-state-metrics',
          expr: `count(kube_node_info{${ON_NODES}}) - (count(${COVERED}) or vector(0))`,
          steps: ZERO_OR_WARNING,
        }),
      ],
    },
    {
      height: 10,
      panels: [failingTokens(ON_TOKENS, ['namespace', 'serviceaccount', 'pod', 'file'], ['node'])],
    },
    { height: 9, widths: [13, 11], panels: [accounts, nodes] },
    { height: 9, panels: [namespaces, causes(ON_NODES)] },
  ],
};
