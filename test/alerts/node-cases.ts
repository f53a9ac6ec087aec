/**
 * Cases of alerts on a node, of alerts at two severities, and of alerts in several clusters.
 */
import { ALERTS } from '../../alerts/groups.ts';
import { ROWS } from './problem-rows.ts';
import { type Case, type Firing, fires, keepsFiring, silent } from './promtool.ts';
import { problem, problems, scraped, series, TOKEN, TOKEN_TEXT } from './series.ts';

const cause = (name: string, values: string) => ({
  [scraped('satoken_overdue_cause', { cause: name })]: values,
});

const stalled: Firing = {
  labels: { node: 'node-1' },
  prints: { value: '7', list: ' Causes of all overdue tokens on the node: kubelet_stalled.' },
};

const STALL_CASES: readonly Case[] = [
  {
    it: 'a stalled node alerts after 5 minutes',
    series: cause('kubelet_stalled', '7x20'),
    expect: fires('SATokenNodeRotationStalled', 5, stalled),
  },
  {
    it: 'a stalled node alerts in time and keeps alerting while single scrapes fail',
    series: cause('kubelet_stalled', '7 7 _ 7 7 _ _ 7x10'),
    expect: [
      ...fires('SATokenNodeRotationStalled', 5, stalled),
      ...keepsFiring('SATokenNodeRotationStalled', stalled, 6, 7),
    ],
  },
  {
    it: 'a stalled node keeps alerting until its last tokens are rotated',
    series: cause('kubelet_stalled', '7x10 0x60'),
    expect: [
      ...keepsFiring('SATokenNodeRotationStalled', stalled, 11, 19),
      ...silent('SATokenNodeRotationStalled', 22),
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
      ...cause('api_server_unreachable', '7x3 0x20'),
      ...cause('kubelet_stalled', '0x3 7x20'),
    },
    expect: fires('SATokenNodeRotationStalled', 5, stalled),
  },
  {
    it: 'a token that expires while its pod is terminating alerts after 5 minutes',
    series: {
      ...problem('terminating', '1x20'),
      [series('kube_pod_deletion_timestamp', { namespace: 'payments', pod: 'api-0' })]: '100x20',
    },
    expect: fires('SATokenTerminating', 5, { labels: TOKEN, prints: { subject: TOKEN_TEXT } }),
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

const times = (due: number, expiration: number, length: number) => ({
  [scraped('satoken_refresh_due_timestamp_seconds', TOKEN)]: `${due}x${length}`,
  [scraped('satoken_expiration_timestamp_seconds', TOKEN)]: `${expiration}x${length}`,
});

const MINUTE = 60;

const SEVERITY_CASES: readonly Case[] = [
  {
    // Due at minute 10, expired at minute 250: three quarters of the time between have passed at minute 190.
    it: 'an overdue token is a warning, and also critical after three quarters of its time',
    series: {
      ...times(10 * MINUTE, 250 * MINUTE, 300),
      ...problem('rotation_overdue', '_x20 1x280'),
    },
    expect: [
      ...fires('SATokenRotationOverdue', 30, overdueWarning).slice(1),
      { alert: 'SATokenRotationOverdue', at: 195, fire: [overdueWarning] },
      { alert: 'SATokenRotationOverdue', at: 196, fire: [overdueWarning, overdueCritical] },
      { alert: 'SATokenRotationOverdue', at: 300, fire: [overdueWarning, overdueCritical] },
    ],
  },
  {
    it: 'an overdue token is no longer critical after its rotation',
    series: {
      ...times(10 * MINUTE, 50 * MINUTE, 60),
      ...problem('rotation_overdue', '_x20 1x40 stale'),
    },
    expect: [
      { alert: 'SATokenRotationOverdue', at: 60, fire: [overdueWarning, overdueCritical] },
      ...silent('SATokenRotationOverdue', 65),
    ],
  },
  {
    it: 'an overdue token that the API server extended to a year is not critical in the first months',
    series: { ...times(48 * MINUTE, 525_600 * MINUTE, 250), ...problem('rotation_overdue', '_x60 1x190') },
    expect: [{ alert: 'SATokenRotationOverdue', at: 250, fire: [overdueWarning] }],
  },
  {
    it: 'an overdue token without times is a warning',
    series: problem('rotation_overdue', '1x250'),
    expect: [{ alert: 'SATokenRotationOverdue', at: 250, fire: [overdueWarning] }],
  },
  {
    it: 'an overdue token is not critical because of the times of another token',
    series: {
      ...times(10 * MINUTE, 50 * MINUTE, 100),
      ...problem('rotation_overdue', '1x100', { pod: 'other', pod_uid: 'uid-2' }),
    },
    expect: [
      {
        alert: 'SATokenRotationOverdue',
        at: 100,
        fire: [
          {
            severity: 'warning',
            labels: { ...overdue.labels, pod: 'other', pod_uid: 'uid-2' },
            prints: { subject: TOKEN_TEXT.replace('api-0', 'other') },
          },
        ],
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
    it: 'a terminating pod of the same name in another cluster does not silence an alert',
    series: {
      ...problem('expired', '1x20', { cluster: 'east' }),
      [series('kube_pod_deletion_timestamp', { cluster: 'west', namespace: 'payments', pod: 'api-0' })]:
        '100x20',
    },
    expect: [
      {
        alert: 'SATokenExpired',
        at: 5,
        fire: [{ labels: { cluster: 'east', ...TOKEN, reason: 'expired' }, prints: { subject: TOKEN_TEXT } }],
      },
    ],
  },
  {
    it: 'an alert on a token without a pod name prints the UID of the pod',
    series: problem('expired', '1x20', { pod: '' }),
    expect: [
      {
        alert: 'SATokenExpired',
        at: 5,
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
