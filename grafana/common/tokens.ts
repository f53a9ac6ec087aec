/**
 * Tables of single tokens that several dashboards share; each selects its own tokens.
 */
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { COLORS } from '../parts/colors.ts';
import type { Words } from '../parts/panels.ts';
import { asRunbook, BY_TOKEN, passedTimes, timeSince, timeUntilRejected } from '../parts/promql.ts';
import { type Column, ROWS, table } from '../parts/table.ts';
import { NEEDS_ALL, NONE_FAILS } from './empty.ts';

/** A healthy kubelet is at most about this late, in seconds. */
const MAX_HEALTHY_LAG = 100;

/** The time until a token expires, which is 0 afterward. */
export const TIME_LEFT = {
  title: 'Time left',
  unit: 's',
  width: 90,
  words: [['0', 'expired', COLORS.critical]],
} as const satisfies Omit<Column, 'expr'>;

/** Adds the volume and the path as one label. */
export function withFile(expr: string): string {
  return `label_join(\n${expr},\n"file", "/", "volume", "path")`;
}

export const SEVERITIES: Words = [
  ['3', 'critical', COLORS.critical],
  ['2', 'warning', COLORS.warning],
  ['1', 'info', COLORS.note],
];

/** The severities as numbers, the highest for critical. `expr` returns the series of a severity, given its matcher. */
export function ranked(expr: (matcher: string) => string): string {
  return SEVERITIES.map(([rank, severity]) => `${expr(`severity="${severity}"`)} * ${rank}`).join('\nor ');
}

/** Problems with their severities, no more than a table shows: before they are aggregated, which is expensive. */
export function mostSevere(tokens: string): string {
  const worst = ranked((severity) => `topk(${ROWS}, satoken_problem{${tokens}, ${severity}})`);
  return `max by (${BY_TOKEN}, reason, severity) (topk(${ROWS}, ${worst}))`;
}

/** A value that each row has by some labels, of the series `value`. */
export function ofRows(by: string, value: string): (rows: string) => string {
  return (rows) => `${rows} * 0\n+ on (${by}) group_left () ${value}`;
}

/** Every failing token, with links to its node, its workload and the runbook. */
export function failingTokens(tokens: string, labels: readonly string[], after: readonly string[]): Panel {
  const by = `${BY_TOKEN}, reason`;
  const start = `(time() - max by (${by}) (satoken_problem_start_timestamp_seconds{${tokens}}))`;
  return table({
    title: 'Tokens that fail a check',
    description: `One row for each token and problem, the most severe first. A missing token has no time left, nor has one of which a container sees an older mount. Empty with \`--metrics.per-token=none\`.`,
    empty: NONE_FAILS,
    labels: [...labels, 'reason'],
    columns: [
      {
        title: 'Severity',
        expr: mostSevere(tokens),
        words: SEVERITIES,
        isColored: true,
        width: 80,
      },
      { title: 'Failing for', expr: ofRows(by, start), unit: 's', width: 90 },
      { ...TIME_LEFT, expr: ofRows(BY_TOKEN, `(${timeUntilRejected(tokens)})`) },
    ],
    after: [...after, 'runbook', 'cluster'],
    rowBy: `${BY_TOKEN}, reason`,
    withLabels: (rows) => asRunbook(withFile(rows)),
    sortBy: ['Severity', 'Failing for'],
  });
}

/** By the number of its times that have passed. */
export const STATES: Words = [
  ['-1', 'not yet valid', COLORS.odd],
  ['0', 'fresh', COLORS.good],
  ['1', 'refresh due', COLORS.note],
  ['2', 'stale', COLORS.warning],
  ['3', 'expired', COLORS.critical],
];
const NO_EXPIRY = 8;
const MISSING = 9;
const ALL_STATES: Words = [
  ...STATES,
  [String(NO_EXPIRY), 'no expiry', COLORS.plain],
  [String(MISSING), 'missing', COLORS.critical],
];

/** Also of legacy tokens, which have no times, and of missing tokens, which have problems only. */
function state(tokens: string): string {
  const legacy = `max by (${BY_TOKEN}) (satoken_info{${tokens}}) * ${NO_EXPIRY}`;
  const missing = `max by (${BY_TOKEN}) (satoken_problem{${tokens}}) * ${MISSING}`;
  return `(${passedTimes(tokens)})\nor ${legacy}\nor ${missing}`;
}

function timeColumns(tokens: string): readonly Column[] {
  return [
    { title: 'State', expr: state(tokens), words: ALL_STATES, isColored: true },
    {
      title: 'Overdue for',
      expr: `(${timeSince('refresh_due', tokens)}) > ${MAX_HEALTHY_LAG}`,
      unit: 's',
    },
    { ...TIME_LEFT, expr: timeUntilRejected(tokens) },
  ];
}

/** The number of problems of existing tokens, and of missing ones, which have no claims. */
function problemCount(tokens: string): string {
  const there = `satoken_info{${tokens}} or on (${BY_TOKEN}) satoken_problem{${tokens}}`;
  const every = `group by (${BY_TOKEN}, origin, audience) (${there})`;
  return `${every} * on (${BY_TOKEN}) group_left () count by (${BY_TOKEN}) (satoken_problem{${tokens}})\nor ${every} * 0`;
}

export function tokenTable(tokens: string, labels: readonly string[]): Panel {
  return table({
    title: 'Every token',
    description: `Every token with the number of checks that it fails, how long its rotation has been overdue, and the time until it expires. A healthy kubelet is up to about ${MAX_HEALTHY_LAG} s late, which does not count. Legacy tokens have no times, and missing tokens have problems only. With \`--metrics.per-token=problems\` it has only failing tokens, with \`none\` it is empty.`,
    empty: NEEDS_ALL,
    labels,
    columns: [{ title: 'Problems', expr: problemCount(tokens), width: 80 }, ...timeColumns(tokens)],
    after: ['audience', 'origin', 'cluster'],
    rowBy: BY_TOKEN,
    withLabels: withFile,
    sortBy: 'Problems',
  });
}
