/**
 * Who reads its token: the namespaces, service accounts and pods to look at before tokens are no longer extended.
 */
import { mostSevere, ofRows, SEVERITIES, TIME_LEFT, withFile } from '../common/tokens.ts';
import type { Section } from '../parts/layout.ts';
import { BY_ACCOUNT, BY_NAMESPACE, BY_TOKEN, ON_TOKENS, timeUntilRejected } from '../parts/promql.ts';
import { table } from '../parts/table.ts';
import { NONE_OR_NOT_WATCHED, NOT_REREAD, SINCE_READ, UNREAD } from './chosen.ts';

/** Tokens by their habits; every row has both numbers. */
function counted(title: string, what: string, labels: readonly string[], by: string) {
  const notReread = `count by (${by}) (${NOT_REREAD})`;
  const unread = `count by (${by}) (${UNREAD})`;
  return table({
    title,
    description: `${what} with tokens that were not read again, or of which no read was observed. Empty with \`--metrics.per-token=none\`.`,
    empty: NONE_OR_NOT_WATCHED,
    labels,
    columns: [
      { title: 'Not read again', expr: `${notReread}\nor ${unread} * 0`, width: 120 },
      { title: 'No read observed', expr: `${unread}\nor ${notReread} * 0`, width: 150 },
    ],
    after: ['cluster'],
    rowBy: by,
    sortBy: 'Not read again',
  });
}

export const mayHoldCopies = table({
  title: 'May hold an old copy',
  description:
    'Tokens that were read, but not since they were rotated. If the API server extends the token, severity info, the copy lasts for up to a year: these workloads break when the extension is switched off. Without the extension, severity warning, the copy expires soon.',
  empty: NONE_OR_NOT_WATCHED,
  labels: ['namespace', 'serviceaccount', 'pod', 'file'],
  columns: [
    {
      title: 'Severity',
      expr: mostSevere(`${ON_TOKENS}, reason="not_reread"`),
      words: SEVERITIES,
      isColored: true,
      width: 80,
    },
    {
      title: 'Last read ago',
      expr: ofRows(BY_TOKEN, `(${SINCE_READ})`),
      unit: 's',
      width: 110,
    },
    { ...TIME_LEFT, expr: ofRows(BY_TOKEN, `(${timeUntilRejected(ON_TOKENS)})`) },
  ],
  after: ['node', 'cluster'],
  rowBy: BY_TOKEN,
  withLabels: withFile,
  sortBy: ['Severity', 'Last read ago'],
});

const unread = table({
  title: 'Mounted, but no read observed',
  description:
    'Mounted tokens of which no read was observed for a day and ten rotations. Whether the workload needs them is for its owner to say; if not, do not mount them.',
  empty: NONE_OR_NOT_WATCHED,
  labels: ['namespace', 'serviceaccount', 'pod', 'file'],
  columns: [
    {
      title: 'Known for',
      expr: `time() - max by (${BY_TOKEN}) (satoken_problem_start_timestamp_seconds{${ON_TOKENS}, reason="unread"})`,
      unit: 's',
    },
  ],
  after: ['node', 'cluster'],
  rowBy: BY_TOKEN,
  withLabels: withFile,
  sortBy: 'Known for',
});

export const workloads: Section = {
  title: 'Whose are they?',
  lines: [
    {
      height: 9,
      widths: [10, 14],
      panels: [
        counted('Namespaces', 'Namespaces', ['namespace'], BY_NAMESPACE),
        counted('Service accounts', 'Service accounts', ['namespace', 'serviceaccount'], BY_ACCOUNT),
      ],
    },
    { height: 9, panels: [unread] },
  ],
};
