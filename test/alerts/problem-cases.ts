/**
 * Cases of the alerts that are based on one check: the same cases for each row of the table.
 */
import type { Severity } from '../../alerts/knobs.ts';
import { ROWS, type Row } from './problem-rows.ts';
import {
  type Case,
  type Expectation,
  type Firing,
  fires,
  keepsFiring,
  type Series,
  silent,
} from './promtool.ts';
import { nodeScraped, problem, problems, scraped, series, TOKEN, TOKEN_TEXT } from './series.ts';

const EAST = { cluster: 'east' };
const ACCOUNT = { namespace: TOKEN.namespace, serviceaccount: TOKEN.serviceaccount };
const WORKLOAD = { ...ACCOUNT, volume: TOKEN.volume };

type Instance = Omit<Firing, 'severity'>;

/** If each token has series. */
function instance({ scope, reason }: Row): Instance {
  return {
    token: { labels: { ...EAST, ...TOKEN, reason }, prints: { subject: TOKEN_TEXT } },
    account: {
      labels: { ...EAST, ...ACCOUNT },
      prints: { subject: 'Service account payments/api (tokens: 3)' },
    },
    workload: {
      labels: { ...EAST, ...WORKLOAD },
      prints: { subject: 'Service account payments/api (tokens: 3), volume vault-token' },
    },
    cluster: { labels: EAST, prints: { value: '3' } },
  }[scope];
}

/** If the node has series of its counts only, and no cluster label. */
function countInstance({ scope, reason }: Row): Instance {
  const anyAccount = { labels: {}, prints: { subject: 'At least one service account (tokens: 3)' } };
  return {
    token: { labels: { node: 'node-1', reason }, prints: { subject: 'Tokens on node node-1 (3)' } },
    account: anyAccount,
    workload: anyAccount,
    cluster: { labels: {}, prints: { value: '3' } },
  }[scope];
}

function withSeverity({ severity }: Row, firing: Instance): Firing {
  return severity === undefined ? firing : { ...firing, severity };
}

/** The label of the problem; that of the helper unless the row states it. */
function severityOf({ severity }: Row): Readonly<Record<string, string>> {
  return severity === undefined ? {} : { severity };
}

const NODES = ['node-1', 'node-2', 'node-3'];

/** Three tokens of one account; only the first of them if the alert is about a token. Their nodes are always scraped. */
function threeTokens(row: Row, values: string, scrapes = '5x200'): Series {
  const { reason, scope } = row;
  const labels = { ...EAST, ...severityOf(row) };
  const others = scope === 'token' ? [] : ['api-1', 'api-2'];
  return Object.assign(
    {},
    ...NODES.map((node) => nodeScraped(scrapes, { ...EAST, node })),
    problem(reason, values, labels),
    ...others.map((pod, index) =>
      problem(reason, values, { ...labels, pod, pod_uid: `uid-${pod}`, node: NODES[index + 1] ?? '' }),
    ),
    problems(reason, values, labels),
  ) as Series;
}

/** The same from a new pod of the exporter. */
function fromNewPod(series: Series): Series {
  return Object.fromEntries(
    Object.entries(series).map(([name, values]) => [name.replace('10.0.0.1', '10.0.0.2'), values]),
  );
}

function firing(row: Row): Firing {
  return withSeverity(row, instance(row));
}

/** The alert ends with its series. */
function ends(row: Row, lastMinute: number): readonly Expectation[] {
  const last = lastMinute + (row.outlasts ?? 0);
  return [...keepsFiring(row.alert, firing(row), last), ...silent(row.alert, last + 1)];
}

function titleOf({ severity, alert }: Row): string {
  return severity === undefined ? alert : `${alert} (${severity})`;
}

function beginAndEndCases(row: Row): readonly Case[] {
  const { reason, alert, minutes } = row;
  const title = titleOf(row);
  return [
    {
      it: `${title} fires ${minutes} minutes after ${reason} begins, until it is resolved`,
      series: threeTokens(row, `1x${minutes + 5} stale`),
      expect: [...silent(alert, 0), ...fires(alert, minutes, firing(row)), ...ends(row, minutes + 5)],
    },
    {
      it: `${title} is silent if ${reason} is resolved in time`,
      series: threeTokens(row, `1x${minutes - 1} stale`),
      expect: silent(alert, minutes - 1, minutes, minutes + 1, minutes + 10),
    },
    {
      it: `${title} is silent if ${reason} is resolved in time and the next scrape fails`,
      series: threeTokens(row, `1x${minutes - 1} stale`, `5x${minutes} stale 5x20`),
      expect: silent(alert, minutes - 1, minutes, minutes + 1, minutes + 10),
    },
    {
      it: `${title} fires for ${reason} of a pod that kube-state-metrics knows to be terminating`,
      series: {
        ...threeTokens(row, `1x${minutes + 10}`),
        [series('kube_pod_deletion_timestamp', { ...EAST, namespace: 'payments', pod: 'api-0' })]: '100x200',
      },
      expect: fires(alert, minutes, firing(row)),
    },
  ];
}

function countCases(row: Row): readonly Case[] {
  const { reason, alert, minutes } = row;
  const title = titleOf(row);
  return [
    {
      it: `${title} fires for the count of ${reason} if tokens have no series`,
      series: { ...nodeScraped('5x200'), ...problems(reason, `3x${minutes + 5}`, severityOf(row)) },
      expect: fires(alert, minutes, withSeverity(row, countInstance(row))),
    },
    {
      it: `${title} is silent if the count of ${reason} is 0`,
      series: { ...nodeScraped('5x200'), ...problems(reason, `0x${minutes + 10}`, severityOf(row)) },
      expect: silent(alert, minutes, minutes + 10),
    },
  ];
}

function failedScrapeCases(row: Row): readonly Case[] {
  const { reason, alert, minutes } = row;
  const title = titleOf(row);
  const gaps = (value: number): string => `${value} stale ${value}x${minutes} stale stale ${value}x10`;
  return [
    {
      it: `${title} fires in time for ${reason} and keeps firing while single scrapes fail`,
      series: threeTokens(row, gaps(1), gaps(5)),
      expect: [
        ...fires(alert, minutes, firing(row)),
        ...keepsFiring(alert, firing(row), minutes + 3, minutes + 4, minutes + 5),
      ],
    },
    {
      it: `${title} fires in time for ${reason} if the exporter restarts`,
      series: {
        ...threeTokens(row, `1x${minutes - 1} stale`, `5x${minutes - 1} stale`),
        ...fromNewPod(threeTokens(row, `_x${minutes + 1} 1x10`, `_x${minutes + 1} 5x10`)),
      },
      expect: [...fires(alert, minutes, firing(row)), ...keepsFiring(alert, firing(row), minutes + 1)],
    },
  ];
}

function casesOf(row: Row): readonly Case[] {
  return [...beginAndEndCases(row), ...countCases(row), ...failedScrapeCases(row)];
}

/** A token with series, and the number of tokens of its node, of which the others have none. */
const LIMIT_CASES: readonly Case[] = ROWS.filter(({ reason }) =>
  ['rotation_overdue', 'expired', 'token_refused', 'signing_key_unknown'].includes(reason),
).map((row) => {
  const { reason, alert, minutes } = row;
  const labels = severityOf(row);
  const own = { ...nodeScraped('5x200'), ...problem(reason, '1x200', labels) };
  const prints = { subject: 'Tokens on node node-1 (2)' };
  const beyond = withSeverity(row, { labels: { node: 'node-1', reason }, prints });
  const token = withSeverity(row, {
    labels: { ...TOKEN, reason },
    prints: { subject: TOKEN_TEXT },
  });
  const sum = (value: string): Firing => withSeverity(row, { labels: {}, prints: { value } });
  const isToken = row.scope === 'token';
  return {
    it: `${titleOf(row)} fires for ${reason} of tokens beyond the limit of a node, while another token of it has series`,
    series: { ...own, ...problems(reason, '1x10 3x190', labels) },
    expect: [
      { alert, at: 10, fire: [isToken ? token : sum('1')] },
      { alert, at: 11 + minutes, fire: isToken ? [token, beyond] : [sum('3')] },
    ],
  };
});

/** The series of the token ends a scrape before its exporter does, within the time that bridges failed scrapes. */
const ENDED_CASES: readonly Case[] = ROWS.filter(({ reason }) =>
  ['rotation_overdue', 'expired', 'token_refused'].includes(reason),
).map((row) => ({
  it: `${titleOf(row)} does not fire again for a problem that ended shortly before scrapes fail`,
  series: {
    ...nodeScraped('5x3 5 stale _x3 5x10'),
    ...problem(row.reason, '1x3 stale _x20', severityOf(row)),
    ...problems(row.reason, '1x3 0 stale _x3 0x10', severityOf(row)),
  },
  expect: silent(row.alert, 5, 6, 7, 8, 9, 10),
}));

/** The same while another token of the node keeps failing. */
const ENDED_BESIDE_CASES: readonly Case[] = ROWS.filter(({ reason }) =>
  ['rotation_overdue', 'expired', 'token_refused'].includes(reason),
).map((row) => {
  const { reason, alert, minutes } = row;
  const labels = severityOf(row);
  const other = { ...TOKEN, pod: 'api-1', pod_uid: 'uid-2' };
  const subject = TOKEN_TEXT.replace('api-0', 'api-1');
  const fire = [withSeverity(row, { labels: { ...other, reason }, prints: { subject } })];
  const last = minutes + 3;
  return {
    it: `${titleOf(row)} ends with its problem although scrapes fail and another token of the node has the same`,
    series: {
      ...nodeScraped(`5x${last} 5 stale _x3 5x10`),
      ...problem(reason, `1x${last} stale _x20`, labels),
      ...problem(reason, `1x${last} 1 stale _x3 1x10`, { ...labels, ...other }),
      ...problems(reason, `2x${last} 1 stale _x3 1x10`, labels),
    },
    expect: [1, 2, 3, 4, 5, 6].map((after) => ({ alert, at: last + after, fire })),
  };
});

/** Three nodes without series of tokens, on which an account explains that many of the late tokens. */
function lateNodes(counts: string, explained: string): Series {
  const severity = 'critical';
  const explains = (node: string, reason: string): Series => ({
    ...problems(reason, node === 'node-1' ? counts : '25x60', { node }),
    [scraped('satoken_account_problems', { node, reason, severity })]: explained,
  });
  return Object.assign(
    {},
    ...NODES.map((node) => ({
      ...nodeScraped('5x60', { node }),
      ...problems('service_account_missing', '25x60', { node }),
      ...explains(node, 'rotation_overdue'),
      ...explains(node, 'expired'),
    })),
  ) as Series;
}

const MISSING_ACCOUNT: Firing = {
  labels: {},
  prints: { subject: 'At least one service account (tokens: 75)' },
};
const OTHER_TOKEN: Firing = {
  labels: { node: 'node-1', reason: 'expired' },
  prints: { subject: 'Tokens on node node-1 (1)' },
};

const ACCOUNT_CASES: readonly Case[] = [
  {
    it: 'a missing account is the only alert on late tokens without series if it explains all of them',
    series: lateNodes('25x60', '25x60'),
    expect: [
      ...keepsFiring('SATokenServiceAccountMissing', MISSING_ACCOUNT, 1, 30),
      ...['SATokenRotationOverdue', 'SATokenExpired', 'SATokenWorkloadRotationOverdue'].flatMap((alert) =>
        silent(alert, 1, 5, 30),
      ),
    ],
  },
  {
    it: 'a missing account does not hide a late token of another account without series',
    series: lateNodes('26x60', '25x60'),
    expect: [
      ...keepsFiring('SATokenServiceAccountMissing', MISSING_ACCOUNT, 1, 30),
      ...keepsFiring('SATokenExpired', OTHER_TOKEN, 1, 30),
      ...silent('SATokenWorkloadRotationOverdue', 1, 30),
    ],
  },
];

const CAUSE_CASES: readonly Case[] = ROWS.filter(({ reason }) =>
  ['rotation_overdue', 'expired', 'stale'].includes(reason),
).map((row) => ({
  it: `${row.alert} lists the causes of overdue tokens on the same node and in the same cluster if tokens have no series`,
  series: {
    ...problems(row.reason, '3x20', { ...EAST, ...severityOf(row) }),
    [scraped('satoken_overdue_cause', { ...EAST, cause: 'sibling_volume_failed' })]: '1x20',
    [scraped('satoken_overdue_cause', { ...EAST, cause: 'audience_refused' })]: '2x20',
    [scraped('satoken_overdue_cause', { ...EAST, cause: 'unknown' })]: '0x20',
    [scraped('satoken_overdue_cause', { ...EAST, node: 'node-2', cause: 'clock_skew' })]: '1x20',
    [scraped('satoken_overdue_cause', { cluster: 'west', cause: 'pod_terminating' })]: '1x20',
  },
  expect: fires(row.alert, row.minutes, {
    ...withSeverity(row, {
      labels: { ...EAST, node: 'node-1', reason: row.reason },
      prints: {
        subject: 'Tokens on node node-1 (3)',
        list: ' Causes of all overdue tokens on the node: audience_refused, sibling_volume_failed.',
      },
    }),
  }),
}));

const OWN_CAUSE_CASES: readonly Case[] = ROWS.filter(({ reason }) =>
  ['rotation_overdue', 'expired', 'stale'].includes(reason),
).map((row) => ({
  it: `${row.alert} says why its token is overdue, and fires in time if that changes`,
  series: {
    ...problem(row.reason, '1x20', { ...EAST, ...severityOf(row) }),
    [scraped('satoken_overdue_cause', { ...EAST, cause: 'audience_refused' })]: '2x20',
    [scraped('satoken_overdue_info', { ...EAST, ...TOKEN, cause: 'unknown' })]: `1x${row.minutes - 1} stale`,
    [scraped('satoken_overdue_info', { ...EAST, ...TOKEN, cause: 'claim_missing' })]: `_x${row.minutes} 1x20`,
    [scraped('satoken_overdue_info', { ...EAST, ...TOKEN, pod_uid: 'uid-2', cause: 'clock_skew' })]: '1x20',
    [scraped('satoken_overdue_info', { ...EAST, ...TOKEN, volume: 'other', cause: 'clock_skew' })]: '1x20',
    [scraped('satoken_overdue_info', { cluster: 'west', ...TOKEN, cause: 'clock_skew' })]: '1x20',
  },
  expect: fires(row.alert, row.minutes, {
    ...firing(row),
    prints: { subject: TOKEN_TEXT, list: ' Cause: claim_missing.' },
  }),
}));

/** Late tokens of pods of one account, each on a node of its own, and when they are late. */
function latePods(...pods: readonly (readonly [severity: string, values: string])[]): Series {
  return Object.assign(
    {},
    ...pods.map(([severity, values], index) => {
      const node = `node-${index}`;
      return {
        ...nodeScraped('5x30', { node }),
        ...problem('rotation_overdue', values, {
          severity,
          node,
          pod: `api-${index}`,
          pod_uid: `uid-${index}`,
        }),
      };
    }),
  ) as Series;
}

const lateWorkload = (severity: Severity, count: string): Firing => ({
  severity,
  labels: WORKLOAD,
  prints: { subject: `Service account payments/api (tokens: ${count}), volume vault-token` },
});
const lateSomewhere = (severity: Severity, count: string): Firing => ({
  severity,
  labels: {},
  prints: { subject: `At least one service account (tokens: ${count})` },
});
const workloadAt = (at: number, ...fire: readonly Firing[]) => ({
  alert: 'SATokenWorkloadRotationOverdue',
  at,
  fire,
});

const WORKLOAD_CASES: readonly Case[] = [
  {
    it: 'two pods of a workload with late tokens make one alert, and it is critical as soon as one token is',
    series: {
      ...latePods(['warning', '1x30'], ['warning', '_ _ 1x5 stale']),
      ...problem('rotation_overdue', '_x7 1x20', { node: 'node-1', pod: 'api-1', pod_uid: 'uid-1' }),
    },
    expect: [
      ...silent('SATokenWorkloadRotationOverdue', 1),
      workloadAt(2, lateWorkload('info', '2')),
      workloadAt(3, lateWorkload('info', '2'), lateWorkload('warning', '2')),
      workloadAt(9, lateWorkload('info', '2'), lateWorkload('warning', '2'), lateWorkload('critical', '2')),
    ],
  },
  {
    // Info inhibits the alert on the token from its first evaluation on.
    it: 'a workload is critical at the same time as its token, although info is there before',
    series: latePods(['warning', '_x5 1x20'], ['critical', '_x5 1x20']),
    expect: [
      ...silent('SATokenWorkloadRotationOverdue', 4),
      workloadAt(5, lateWorkload('info', '2')),
      workloadAt(6, lateWorkload('info', '2'), lateWorkload('warning', '2'), lateWorkload('critical', '2')),
    ],
  },
  {
    it: 'a token that becomes critical makes the alert on its workload critical at once',
    series: {
      ...latePods(['warning', '1x9 stale'], ['warning', '_x10 1x20']),
      ...problem('rotation_overdue', '_x10 1x20', { node: 'node-0', pod: 'api-0', pod_uid: 'uid-0' }),
    },
    expect: [
      ...silent('SATokenWorkloadRotationOverdue', 9),
      workloadAt(10, lateWorkload('info', '2'), lateWorkload('critical', '2')),
    ],
  },
  {
    it: 'one pod with two late tokens is not a workload',
    series: {
      ...latePods(['warning', '1x30']),
      ...problem('rotation_overdue', '1x30', { node: 'node-0', pod: 'api-0', pod_uid: 'uid-0', path: 'b' }),
    },
    expect: silent('SATokenWorkloadRotationOverdue', 0, 1, 5, 20),
  },
  {
    it: 'pods on nodes that rotate no tokens are not a workload',
    series: {
      ...latePods(['critical', '1x30'], ['critical', '1x30']),
      [scraped('satoken_canary_healthy', { node: 'node-0' })]: '0x30',
      [scraped('satoken_overdue_cause', { node: 'node-1', cause: 'kubelet_stalled' })]: '3x30',
    },
    expect: silent('SATokenWorkloadRotationOverdue', 0, 1, 5, 20),
  },
  {
    it: 'two pods of a workload with late tokens make a critical alert if one is critical on a node that rotates none',
    series: {
      ...latePods(['warning', '1x30'], ['warning', '1x30'], ['critical', '_ _ _ 1x30']),
      [scraped('satoken_canary_healthy', { node: 'node-2' })]: '0x30',
    },
    expect: [
      workloadAt(2, lateWorkload('info', '2'), lateWorkload('warning', '2')),
      workloadAt(4, lateWorkload('info', '2'), lateWorkload('warning', '2'), lateWorkload('critical', '2')),
    ],
  },
  {
    it: 'expired copies of containers that mount a token with subPath are not a workload, however many pods have one',
    series: {
      ...latePods(['warning', '1x30']),
      ...Object.assign(
        {},
        ...['uid-1', 'uid-2', 'uid-3'].map((uid) => {
          const copy = { pod: uid, pod_uid: uid, path: 'subPath://main/0' };
          return { ...problem('expired', '1x30', copy), ...problem('subpath_frozen', '1x30', copy) };
        }),
      ),
    },
    expect: silent('SATokenWorkloadRotationOverdue', 0, 1, 5, 20),
  },
  {
    it: 'late tokens of two accounts are not a workload',
    series: {
      ...latePods(['critical', '1x30']),
      ...problem('rotation_overdue', '1x30', { pod: 'web-0', pod_uid: 'uid-9', serviceaccount: 'web' }),
    },
    expect: silent('SATokenWorkloadRotationOverdue', 0, 1, 5, 20),
  },
  {
    it: 'late tokens without series on two nodes make one alert for the cluster',
    series: {
      ...problems('rotation_overdue', '3x30', { severity: 'warning' }),
      ...problems('rotation_overdue', '_x2 2x30', { node: 'node-2', severity: 'warning' }),
      ...problems('rotation_overdue', '_x7 1x30', { node: 'node-2' }),
    },
    expect: [
      ...silent('SATokenWorkloadRotationOverdue', 1),
      workloadAt(2, lateSomewhere('info', '5')),
      workloadAt(3, lateSomewhere('info', '5'), lateSomewhere('warning', '5')),
      workloadAt(
        9,
        lateSomewhere('info', '6'),
        lateSomewhere('warning', '6'),
        lateSomewhere('critical', '6'),
      ),
    ],
  },
  {
    it: 'late tokens without series on one node, or on nodes that rotate none, make no alert for the cluster',
    series: {
      ...problems('rotation_overdue', '3x30'),
      ...problems('expired', '2x30'),
      ...problems('rotation_overdue', '3x30', { node: 'node-2' }),
      [scraped('satoken_canary_healthy', { node: 'node-2' })]: '0x30',
    },
    expect: silent('SATokenWorkloadRotationOverdue', 0, 1, 5, 20),
  },
];

export const PROBLEM_CASES: readonly Case[] = [
  ...ROWS.flatMap(casesOf),
  ...LIMIT_CASES,
  ...ENDED_CASES,
  ...ENDED_BESIDE_CASES,
  ...ACCOUNT_CASES,
  ...CAUSE_CASES,
  ...OWN_CAUSE_CASES,
  ...WORKLOAD_CASES,
];
