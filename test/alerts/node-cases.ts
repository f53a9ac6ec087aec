/**
 * Cases of alerts on a node, of alerts at two severities, and of alerts in several clusters.
 */
import { ALERTS } from '../../alerts/groups.ts';
import { ROWS } from './problem-rows.ts';
import { type Case, type Firing, fires, keepsFiring, type Series, silent } from './promtool.ts';
import { nodeScraped, problem, problems, scraped, series, TOKEN, TOKEN_TEXT } from './series.ts';

const cause = (name: string, values: string) => ({
  [scraped('satoken_overdue_cause', { cause: name })]: values,
});

const stalled: Firing = {
  labels: { node: 'node-1' },
  prints: { value: '7', list: ' Causes of all overdue tokens on the node: kubelet_stalled.' },
};

const STALL_CASES: readonly Case[] = [
  {
    it: 'a stalled node alerts at the second scrape',
    series: { ...nodeScraped('9x20'), ...cause('kubelet_stalled', '7x20') },
    expect: fires('SATokenNodeRotationStalled', 1, stalled),
  },
  {
    it: 'a node that is stalled in a single scrape makes no alert',
    series: { ...nodeScraped('9x20'), ...cause('kubelet_stalled', '0x3 7 0x20') },
    expect: silent('SATokenNodeRotationStalled', 3, 4, 5, 6, 20),
  },
  {
    it: 'a stalled node alerts in time and keeps alerting while single scrapes fail',
    series: {
      ...nodeScraped('9 9 stale 9 stale stale 9x10'),
      ...cause('kubelet_stalled', '7 7 stale 7 stale stale 7x10'),
    },
    expect: [
      ...fires('SATokenNodeRotationStalled', 1, stalled),
      ...keepsFiring('SATokenNodeRotationStalled', { ...stalled, prints: { value: '7' } }, 2, 4, 5),
      ...keepsFiring('SATokenNodeRotationStalled', stalled, 6),
    ],
  },
  {
    it: 'a stalled node keeps alerting until its last tokens are rotated',
    series: { ...nodeScraped('9x80'), ...cause('kubelet_stalled', '7x10 0x60') },
    expect: [
      ...keepsFiring('SATokenNodeRotationStalled', stalled, 11, 20),
      ...silent('SATokenNodeRotationStalled', 21),
    ],
  },
  {
    it: 'a node with overdue tokens of other causes is not stalled',
    series: {
      ...cause('kubelet_stalled', '0x60'),
      ...cause('unknown', '9x60'),
      ...cause('pod_terminating', '9x60'),
    },
    expect: silent('SATokenNodeRotationStalled', 5, 30, 60),
  },
  {
    it: 'a stalled node alerts in time if its cause changes',
    series: {
      ...nodeScraped('9x30'),
      ...cause('api_server_unreachable', '0 7 0x20'),
      ...cause('kubelet_stalled', '0 0 7x20'),
    },
    expect: fires('SATokenNodeRotationStalled', 2, stalled),
  },
  {
    it: 'a token that expires while its pod is terminating alerts after 5 minutes',
    series: {
      ...problem('terminating', '1x20'),
      [series('kube_pod_deletion_timestamp', { namespace: 'payments', pod: 'api-0' })]: '100x20',
    },
    expect: fires('SATokenTerminating', 5, {
      labels: { ...TOKEN, reason: 'terminating' },
      prints: { subject: TOKEN_TEXT },
    }),
  },
  {
    it: 'a terminating pod whose tokens last long enough does not alert',
    series: { [series('kube_pod_deletion_timestamp', { namespace: 'payments', pod: 'api-0' })]: '100x20' },
    expect: silent('SATokenTerminating', 5, 20),
  },
  {
    it: 'a node without series is not stalled',
    series: {},
    expect: silent('SATokenNodeRotationStalled', 60),
  },
];

const overdue: Firing = {
  labels: { ...TOKEN, reason: 'rotation_overdue' },
  prints: { subject: TOKEN_TEXT },
};
const overdueWarning: Firing = { ...overdue, severity: 'warning' };
const overdueCritical: Firing = { ...overdue, severity: 'critical' };
const other = (severity: 'warning' | 'critical'): Firing => ({
  severity,
  labels: { ...overdue.labels, pod: 'other', pod_uid: 'uid-2' },
  prints: { subject: TOKEN_TEXT.replace('api-0', 'other') },
});

/** The token is overdue with this severity. */
const overdueAs = (severity: string, values: string, labels = {}): Series =>
  problem('rotation_overdue', values, { severity, ...labels });

const SEVERITY_CASES: readonly Case[] = [
  {
    it: 'an overdue token is a warning, and also critical as soon as the exporter says so',
    series: {
      ...nodeScraped('5x60'),
      ...overdueAs('warning', '1x9 stale'),
      ...overdueAs('critical', '_x10 1x40'),
    },
    expect: [
      ...fires('SATokenRotationOverdue', 1, overdueWarning),
      { alert: 'SATokenRotationOverdue', at: 10, fire: [overdueWarning] },
      { alert: 'SATokenRotationOverdue', at: 11, fire: [overdueWarning, overdueCritical] },
      { alert: 'SATokenRotationOverdue', at: 50, fire: [overdueWarning, overdueCritical] },
    ],
  },
  {
    it: 'an overdue token whose severity changes at every scrape is a warning without interruption',
    series: {
      ...nodeScraped('5x60'),
      ...overdueAs('warning', '1 stale 1 stale 1 stale'),
      ...overdueAs('critical', '_ 1 stale 1 stale 1'),
    },
    expect: [1, 2, 3, 4, 5].map((at) => ({ alert: 'SATokenRotationOverdue', at, fire: [overdueWarning] })),
  },
  {
    it: 'an overdue token is no longer critical after its rotation',
    series: { ...nodeScraped('5x60'), ...overdueAs('critical', '1x20 stale') },
    expect: [
      { alert: 'SATokenRotationOverdue', at: 20, fire: [overdueWarning, overdueCritical] },
      ...silent('SATokenRotationOverdue', 21, 40),
    ],
  },
  {
    it: 'an overdue token is critical in time while a scrape fails at the change of its severity',
    series: {
      ...nodeScraped('5x10 stale 5x20'),
      ...overdueAs('warning', '1x10 stale'),
      ...overdueAs('critical', '_x12 1x10'),
    },
    expect: [
      { alert: 'SATokenRotationOverdue', at: 11, fire: [overdueWarning] },
      { alert: 'SATokenRotationOverdue', at: 12, fire: [overdueWarning] },
      { alert: 'SATokenRotationOverdue', at: 13, fire: [overdueWarning, overdueCritical] },
    ],
  },
  {
    it: 'an overdue token is not critical because another token is',
    series: {
      ...nodeScraped('5x100'),
      ...overdueAs('warning', '1x100'),
      ...overdueAs('critical', '1x100', { pod: 'other', pod_uid: 'uid-2' }),
    },
    expect: [
      {
        alert: 'SATokenRotationOverdue',
        at: 100,
        fire: [overdueWarning, ...(['warning', 'critical'] as const).map((severity) => other(severity))],
      },
    ],
  },
];

const CLOCK_CASES: readonly Case[] = [
  {
    it: 'tokens that are not valid yet make one alert for their node',
    series: {
      ...problem('not_yet_valid', '1x20'),
      ...problem('not_yet_valid', '1x20', { pod: 'api-1', pod_uid: 'uid-2' }),
      ...problems('not_yet_valid', '2x20'),
    },
    expect: fires('SATokenNotYetValid', 5, { labels: { node: 'node-1' }, prints: { value: '2' } }),
  },
  {
    it: 'tokens that become valid in time make no alert',
    series: problems('not_yet_valid', '2x3 0x20'),
    expect: silent('SATokenNotYetValid', 3, 5, 20),
  },
];

const unknownKey = (cluster: string): Firing => ({ labels: { cluster }, prints: { value: '40' } });

const CLUSTER_CASES: readonly Case[] = [
  {
    it: 'a changed key in two clusters of 20 nodes makes two alerts',
    series: Object.assign(
      {},
      ...['east', 'west'].flatMap((cluster) =>
        Array.from({ length: 20 }, (_, index) =>
          problems('signing_key_unknown', '2x20', { cluster, node: `node-${index}` }),
        ),
      ),
    ),
    expect: fires('SATokenSigningKeyUnknown', 5, unknownKey('east'), unknownKey('west')),
  },
  {
    it: 'an alert on a token without a pod name prints the UID of the pod',
    series: problem('expired', '1x20', { pod: '' }),
    expect: [
      {
        alert: 'SATokenExpired',
        at: 1,
        fire: [
          {
            labels: Object.fromEntries(
              Object.entries({ ...TOKEN, reason: 'expired' }).filter(([label]) => label !== 'pod'),
            ),
            prints: {
              subject: 'Token token in volume vault-token of pod payments/uid-1 on node node-1',
            },
          },
        ],
      },
    ],
  },
];

const ALONE_CASES: readonly Case[] = ROWS.map(({ reason, alert, severity = 'critical' }) => ({
  it: `${alert} is the only alert that fires for ${reason} (${severity})`,
  series: {
    [series('up', { job: 'sa-token-exporter' })]: '1x65',
    ...problem(reason, '1x65', { severity }),
    ...problems(reason, '1x65', { severity }),
  },
  expect: [...new Set(ALERTS.map(({ name }) => name))]
    .filter((name) => name !== alert)
    .flatMap((name) => silent(name, 65)),
}));

export const NODE_CASES: readonly Case[] = [
  ...STALL_CASES,
  ...SEVERITY_CASES,
  ...CLOCK_CASES,
  ...CLUSTER_CASES,
  ...ALONE_CASES,
];
