/**
 * Tables of single tokens that several dashboards share; each selects its own tokens.
 */
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { COLORS } from '../parts/colors.ts';
import type { Words } from '../parts/panels.ts';
import { BY_TOKEN, failing, passedTimes, presentFor, timeSince, timeUntil } from '../parts/promql.ts';
import { type Column, table } from '../parts/table.ts';
import { NEEDS_ALL, NONE_FAILS } from './empty.ts';

/** Every failing token, with links to its node, its workload and the runbook. */
export function failingTokens(tokens: string, labels: readonly string[]): Panel {
  const since = presentFor(failing(tokens));
  return table({
    title: 'Tokens that fail a check',
    description:
      'One row for each token and reason, the longest-lasting first, at most 200. Measured in minutes over the last six hours; restarts of Prometheus or the exporter leave gaps. Empty with `--metrics.per-token=none`.',
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

/** By the number of its times that have passed. */
export const STATES: Words = [
  ['-1', 'not yet valid', COLORS.odd],
  ['0', 'fresh', COLORS.good],
  ['1', 'refresh due', COLORS.note],
  ['2', 'stale', COLORS.warning],
  ['3', 'expired', COLORS.critical],
];

function timeColumns(tokens: string): readonly Column[] {
  return [
    { title: 'State', expr: passedTimes(tokens), words: STATES, empty: '–' },
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

/** Existing tokens, and missing ones, which have a problem and no claims. */
function everyToken(tokens: string): string {
  const there = `satoken_info{${tokens}} or on (${BY_TOKEN}) satoken_problem{${tokens}}`;
  return `group by (${BY_TOKEN}, kind, audience) (${there})`;
}

export function tokenTable(tokens: string): Panel {
  return table({
    title: 'Every token',
    description:
      'Every token with its age, the time until the kubelet should rotate it, the time until it expires, and the number of checks that it fails. Negative times are in the past. A healthy kubelet is up to about 100 s late. Legacy tokens have no times, and missing tokens have problems only. With `--metrics.per-token=problems` it has only failing tokens, with `none` it is empty.',
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
