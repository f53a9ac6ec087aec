/**
 * Tables of single tokens that are on more than one dashboard, for whatever each has chosen.
 */
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { COLORS } from '../parts/colors.ts';
import type { Words } from '../parts/panels.ts';
import { BY_TOKEN, failing, timeSince, timesOutlived, timeThere, timeUntil } from '../parts/promql.ts';
import { type Column, table } from '../parts/table.ts';
import { NEEDS_ALL, NONE_FAILS } from './empty.ts';

/** Every failing token, with the way to its node, its workload and what to do. */
export function failingTokens(tokens: string, labels: readonly string[]): Panel {
  const since = timeThere(failing(tokens));
  return table({
    title: 'Tokens that fail a check',
    description:
      'One row for each token and reason, the longest-lasting first, 200 at most. Counted to the minute and six hours back; restarts of Prometheus or the exporter leave gaps. With `--metrics.per-token=none` only the counts are known.',
    empty: NONE_FAILS,
    labels: ['runbook', 'reason', ...labels],
    columns: [
      {
        title: 'Failing for (of 6 h)',
        expr: `topk(200, label_replace(\n${since},\n"runbook", "$1", "reason", "(.*)"))`,
        unit: 's',
        steps: [COLORS.warning, [600, COLORS.critical]],
      },
    ],
    sortBy: 'Failing for (of 6 h)',
  });
}

const SHOWN = ['namespace', 'serviceaccount', 'pod', 'volume', 'path', 'kind', 'audience'] as const;

/** By how many of its times a token has outlived. */
export const STATES: Words = [
  ['-1', 'not yet valid', COLORS.odd],
  ['0', 'fresh', COLORS.good],
  ['1', 'refresh due', COLORS.note],
  ['2', 'stale', COLORS.warning],
  ['3', 'expired', COLORS.critical],
];

function timeColumns(tokens: string): readonly Column[] {
  return [
    { title: 'State', expr: timesOutlived(tokens), words: STATES, empty: '–' },
    { title: 'Age', expr: timeSince('issued', tokens), unit: 's' },
    {
      title: 'Refresh due in',
      expr: timeUntil('refresh_due', tokens),
      unit: 's',
      steps: [COLORS.warning, [-100, COLORS.note], [0, COLORS.good]],
    },
    {
      title: 'Expires in',
      expr: timeUntil('expiration', tokens),
      unit: 's',
      steps: [COLORS.critical, [0, COLORS.good]],
      empty: '–',
    },
  ];
}

/** Tokens that are there, and those that are missing, which have a problem and no claims. */
function everyToken(tokens: string): string {
  const there = `satoken_info{${tokens}} or on (${BY_TOKEN}) satoken_problem{${tokens}}`;
  return `group by (${BY_TOKEN}, kind, audience) (${there})`;
}

export function tokenTable(tokens: string): Panel {
  return table({
    title: 'Every token',
    description:
      'Every token with its times: age, time until the kubelet should replace it, until it expires, and how many checks it fails. Negative: that long ago. A healthy kubelet is up to about 100 s late. Legacy tokens have no times, missing ones nothing but a problem. With `--metrics.per-token=problems` only those that fail a check are here, with `none` no token is.',
    empty: NEEDS_ALL,
    labels: SHOWN,
    columns: [
      { expr: everyToken(tokens) },
      ...timeColumns(tokens),
      {
        title: 'Problems',
        expr: `count by (${BY_TOKEN}) (satoken_problem{${tokens}})`,
        steps: [COLORS.critical],
        empty: '–',
      },
    ],
    sortBy: 'Problems',
  });
}
