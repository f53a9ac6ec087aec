/**
 * Cases of the details in descriptions: why, since when, for how much longer, and the command that shows more.
 */
import { type Case, type Firing, keepsFiring } from './promtool.ts';
import { nodeScraped, problem, scraped, TOKEN, TOKEN_TEXT } from './series.ts';

const EAST = { cluster: 'east' };
/** All cases are evaluated then. */
const MINUTE = 10;
const EXPORTER = '-n monitoring exporter-x';

/** Times in seconds; the metrics have further labels from the target. */
const times = (reason: string, start: number, expiration: number, labels = {}) => ({
  [scraped('satoken_problem_start_timestamp_seconds', {
    ...EAST,
    ...TOKEN,
    reason,
    ...labels,
  })]: `${start}x20`,
  [scraped('satoken_expiration_timestamp_seconds', { ...EAST, ...TOKEN, ...labels })]: `${expiration}x20`,
});
const exporter = (node: string) => ({
  [scraped('satoken_exporter_build_info', { ...EAST, node, namespace: 'monitoring', pod: 'exporter-x' })]:
    '1x20',
});

const ofToken = (reason: string, prints: Firing['prints']): Firing => ({
  labels: { ...EAST, ...TOKEN, reason },
  prints: { subject: TOKEN_TEXT, exporter: EXPORTER, ...prints },
});

/** A pod with an overdue token; each has been overdue for as long and expires then. */
const overdueIn = (pod: string, labels = {}) => {
  const own = { pod, pod_uid: `uid-${pod}`, ...labels };
  return {
    ...problem('rotation_overdue', '1x20', { ...EAST, ...own, severity: 'warning' }),
    ...times('rotation_overdue', 360, 1_000, own),
    [scraped('satoken_overdue_info', { ...EAST, ...TOKEN, ...own, cause: 'audience_refused' })]: '1x20',
  };
};

const TOKEN_CASES: readonly Case[] = [
  {
    it: 'an alert on an overdue token says why, until when it is accepted, since when it is overdue, and what shows more',
    series: {
      ...nodeScraped('5x20', EAST),
      ...exporter('node-1'),
      ...problem('rotation_overdue', '1x20', { ...EAST, severity: 'warning' }),
      ...times('rotation_overdue', 360, 1_000),
      ...times('rotation_overdue', 100, 700, { volume: 'other' }),
      [scraped('satoken_overdue_info', { ...EAST, ...TOKEN, cause: 'claim_missing' })]: '1x20',
      [scraped('satoken_overdue_info', { ...EAST, ...TOKEN, volume: 'other', cause: 'clock_skew' })]: '1x20',
    },
    expect: keepsFiring(
      'SATokenRotationOverdue',
      {
        ...ofToken('rotation_overdue', {
          list: ' Cause: claim_missing. Rejected in 6m 40s. Began 4m 0s ago.',
        }),
        severity: 'warning',
      },
      MINUTE,
    ),
  },
  {
    it: 'an alert on a workload names the causes of its tokens, when the first is rejected, since when, and its first pod',
    series: {
      ...nodeScraped('5x20', EAST),
      ...exporter('node-1'),
      ...Object.assign({}, ...['api-0', 'api-1'].map((pod) => overdueIn(pod))),
      ...overdueIn('web-0', { serviceaccount: 'web' }),
    },
    expect: [
      {
        alert: 'SATokenWorkloadRotationOverdue',
        at: MINUTE,
        fire: [{ severity: 'info' as const }, { severity: 'warning' as const }].map(({ severity }) => ({
          severity,
          labels: { ...EAST, namespace: 'payments', serviceaccount: 'api', volume: 'vault-token' },
          prints: {
            subject: 'Service account payments/api (tokens: 2), volume vault-token',
            list: ' Cause: audience_refused. The first is rejected in 6m 40s. Began 4m 0s ago.',
            exporter: EXPORTER,
          },
        })),
      },
    ],
  },
  {
    it: 'an alert on an expired token does not say until when it is accepted',
    series: {
      ...nodeScraped('5x20', EAST),
      ...exporter('node-1'),
      ...problem('expired', '1x20', EAST),
      ...times('expired', 400, 400),
    },
    expect: keepsFiring('SATokenExpired', ofToken('expired', { list: ' Began 3m 20s ago.' }), MINUTE),
  },
  {
    it: 'an alert on an older mount says since when, and not when the token on the node expires, which the container lacks',
    series: {
      ...nodeScraped('5x20', EAST),
      ...exporter('node-1'),
      ...problem('container_view_stale', '1x20', EAST),
      ...times('container_view_stale', 240, 1_000),
    },
    expect: keepsFiring(
      'SATokenContainerViewStale',
      ofToken('container_view_stale', { seen: ' Began 6m 0s ago.' }),
      MINUTE,
    ),
  },
  {
    it: 'an alert on a rejected token says since when, and not that it will be rejected',
    series: {
      ...nodeScraped('5x20', EAST),
      ...exporter('node-1'),
      ...problem('token_refused', '1x20', EAST),
      ...times('token_refused', 240, 1_000),
    },
    expect: keepsFiring(
      'SATokenRefused',
      ofToken('token_refused', { seen: ' First seen 6m 0s ago.' }),
      MINUTE,
    ),
  },
];

const OBJECT_CASES: readonly Case[] = [
  {
    it: 'an alert on an account says since when, and explains the first pod on the node where it is',
    series: {
      ...nodeScraped('5x20', { ...EAST, node: 'node-2' }),
      ...exporter('node-2'),
      ...problem('service_account_missing', '1x20', { ...EAST, node: 'node-2' }),
      ...problem('service_account_missing', '1x20', {
        ...EAST,
        node: 'node-3',
        pod: 'api-1',
        pod_uid: 'uid-2',
      }),
      ...times('service_account_missing', 240, 1_000, { node: 'node-2' }),
      ...times('service_account_missing', 360, 1_000, { node: 'node-3', pod: 'api-1', pod_uid: 'uid-2' }),
    },
    expect: keepsFiring(
      'SATokenServiceAccountMissing',
      {
        labels: { ...EAST, namespace: TOKEN.namespace, serviceaccount: TOKEN.serviceaccount },
        prints: {
          subject: 'Service account payments/api (tokens: 2)',
          seen: ' First seen 6m 0s ago.',
          exporter: EXPORTER,
        },
      },
      MINUTE,
    ),
  },
  {
    it: 'an alert on a cluster says since when',
    series: {
      ...nodeScraped('5x20', EAST),
      ...problem('signing_key_unknown', '1x20', EAST),
      ...times('signing_key_unknown', 240, 1_000),
    },
    expect: keepsFiring(
      'SATokenSigningKeyUnknown',
      { labels: EAST, prints: { value: '1', seen: ' First seen 6m 0s ago.' } },
      MINUTE,
    ),
  },
  {
    it: 'an alert on a node says when its first overdue token is rejected',
    series: {
      ...nodeScraped('5x20', EAST),
      ...exporter('node-1'),
      [scraped('satoken_overdue_cause', { ...EAST, cause: 'kubelet_stalled' })]: '2x20',
      [scraped('satoken_overdue_info', { ...EAST, ...TOKEN, cause: 'kubelet_stalled' })]: '1x20',
      ...times('rotation_overdue', 240, 1_000),
      ...times('rotation_overdue', 240, 700, { volume: 'not-overdue' }),
    },
    expect: keepsFiring(
      'SATokenNodeRotationStalled',
      {
        labels: { ...EAST, node: 'node-1' },
        prints: {
          value: '2',
          list: ' Causes of all overdue tokens on the node: kubelet_stalled.',
          first: ' The first is rejected in 6m 40s.',
          exporter: EXPORTER,
        },
      },
      MINUTE,
    ),
  },
];

export const TEXT_CASES: readonly Case[] = [...TOKEN_CASES, ...OBJECT_CASES];
