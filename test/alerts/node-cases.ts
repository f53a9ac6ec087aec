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

/** A canary on each node, late on the first ones. */
function canaries(late: number, healthy: number, labels: Readonly<Record<string, string>> = {}): Series {
  const nodes = Array.from({ length: late + healthy }, (_, index) => {
    const node = { ...labels, node: `node-${index}` };
    return {
      ...nodeScraped('5x30', node),
      [scraped('satoken_canary_healthy', node)]: index < late ? '0x10 1x20' : '1x30',
    };
  });
  return Object.assign({}, ...nodes) as Series;
}

const fleetFiring = (value: string, labels: Firing['labels'] = {}) =>
  (['info', 'warning', 'critical'] as const).map(
    (severity): Firing => ({
      severity,
      labels,
      prints: { value },
    }),
  );
const fleetAt = (minute: number, fire: readonly Firing[]) => ({
  alert: 'SATokenRotationStalledFleet',
  at: minute,
  fire,
});

/** Ten nodes of which one is late from minute 10 on, and whose exporters lack the pods from then on or before. */
function unreachable(up: string, { issued }: { readonly issued: string }): Series {
  const nodes = Array.from({ length: 10 }, (_, index) => {
    const labels = { node: `node-${index}`, resource: 'pods' };
    return {
      [scraped('satoken_cluster_up', labels)]: up,
      [scraped('satoken_cluster_failure', { ...labels, reason: 'unreachable' })]: up.startsWith('0')
        ? '1x30'
        : '_x9 1x20',
      [scraped('satoken_canary_issued_timestamp_seconds', { node: labels.node })]: issued,
    };
  });
  const late = { [scraped('satoken_canary_healthy', { node: 'node-0' })]: '1x9 0x20' };
  return Object.assign(canaries(0, 10), ...nodes, late) as Series;
}

const SILENT = 'SATokenKubeletNotSyncing';
const SYNC = 'satoken_kubelet_last_sync_timestamp_seconds';

/** The kubelet's syncs and the exporter's scans, by the clock of the node. */
function pulse(syncs: string, scans: string): Series {
  return {
    ...nodeScraped('5x30'),
    [scraped(SYNC)]: syncs,
    [scraped('satoken_last_scan_timestamp_seconds')]: scans,
  };
}

const PULSE_CASES: readonly Case[] = [
  {
    it: 'a kubelet that hangs is reported before any token is late, and no longer once it syncs',
    series: pulse('0+60x5 300x5 660+60x10', '0+60x30'),
    expect: [
      ...fires(SILENT, 9, { labels: { node: 'node-1' }, prints: { value: '240' } }),
      ...silent(SILENT, 12, 13, 20),
    ],
  },
  {
    it: 'a kubelet that syncs every 90 to 120 s is not reported',
    series: pulse('0 0 90 90 210 210 330 330 420 420 540 540 660 660', '0+60x14'),
    expect: silent(SILENT, 3, 5, 7, 9, 11, 13),
  },
  {
    it: 'a kubelet that syncs is not reported if the clock of its node is five minutes late',
    series: pulse('-300+60x20', '-300+60x20'),
    expect: silent(SILENT, 3, 10, 20),
  },
  {
    it: 'a kubelet is not reported if its syncs are not watched',
    series: { ...nodeScraped('5x30'), [scraped('satoken_last_scan_timestamp_seconds')]: '0+60x30' },
    expect: silent(SILENT, 3, 10, 20),
  },
];

const FLEET_CASES: readonly Case[] = [
  {
    it: 'four late nodes of ten are a problem of the cluster, which outlasts them by 5 minutes',
    series: canaries(4, 6),
    expect: [
      fleetAt(0, fleetFiring('4').slice(0, 1)),
      fleetAt(1, fleetFiring('4').slice(0, 1)),
      fleetAt(2, fleetFiring('4').slice(0, 2)),
      fleetAt(4, fleetFiring('4').slice(0, 2)),
      fleetAt(5, fleetFiring('4')),
      fleetAt(14, fleetFiring('4')),
      fleetAt(16, []),
    ],
  },
  {
    it: 'three late nodes of ten are three problems',
    series: canaries(3, 7),
    expect: silent('SATokenRotationStalledFleet', 0, 2, 5, 10),
  },
  {
    it: 'five late nodes of a hundred are five problems',
    series: canaries(5, 95),
    expect: silent('SATokenRotationStalledFleet', 0, 2, 5, 10),
  },
  {
    it: 'two late nodes of two are a problem of the cluster, and not of another one',
    series: { ...canaries(2, 0, { cluster: 'east' }), ...canaries(1, 1, { cluster: 'west' }) },
    expect: [fleetAt(5, fleetFiring('2', { cluster: 'east' }))],
  },
  {
    it: 'the only node of a cluster is not a fleet',
    series: canaries(1, 0),
    expect: silent('SATokenRotationStalledFleet', 0, 2, 5, 10),
  },
  {
    it: 'exporters that do not reach the API server are no problem of the cluster while tokens are rotated',
    series: {
      ...canaries(0, 2),
      [scraped('satoken_cluster_failure', { node: 'node-0', resource: 'pods', reason: 'unreachable' })]:
        '1x30',
      [scraped('satoken_cluster_failure', { node: 'node-1', resource: 'pods', reason: 'unreachable' })]:
        '1x30',
    },
    expect: silent('SATokenRotationStalledFleet', 0, 5, 10, 20),
  },
  {
    it: 'a late node is a problem of its own if exporters do not reach the API server for long and kubelets do',
    series: unreachable('0x30', { issued: '0x7 480x8 1020x8 1560x8' }),
    expect: silent('SATokenRotationStalledFleet', 10, 11, 15, 19, 22, 28),
  },
  {
    it: 'a late node is one of many if exporters reached the API server until then',
    series: unreachable('1x9 0x20', { issued: '0x30' }),
    expect: [fleetAt(16, fleetFiring('10'))],
  },
  {
    it: 'a late node is one of many if no canary is issued while exporters do not reach the API server',
    series: unreachable('0x30', { issued: '-60x30' }),
    expect: [fleetAt(16, fleetFiring('10'))],
  },
  {
    it: 'canaries that are due for 45 seconds on all nodes, none of them late, make no alert',
    series: {
      ...canaries(0, 2),
      ...Object.fromEntries(
        ['node-0', 'node-1'].map((node) => [
          scraped('satoken_canary_refresh_due_timestamp_seconds', { node }),
          '120x3 900x30',
        ]),
      ),
    },
    expect: silent('SATokenRotationStalledFleet', 2, 3, 8, 9),
  },
];

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
    it: 'a stalled node keeps alerting until its last tokens are rotated, for less than three minutes',
    series: {
      ...nodeScraped('9x80'),
      ...cause('kubelet_stalled', '7x10 0x10 7x10 0x60'),
      ...problem('rotation_overdue', '1x11 stale _x8 1x60'),
    },
    expect: [
      ...keepsFiring('SATokenNodeRotationStalled', stalled, 10, 32),
      ...keepsFiring('SATokenNodeRotationStalled', { ...stalled, prints: { value: '7' } }, 11, 33),
      ...silent('SATokenNodeRotationStalled', 12, 19, 36),
    ],
  },
  {
    it: 'a stalled node makes no alert once it rotates all tokens',
    series: { ...nodeScraped('9x80'), ...cause('kubelet_stalled', '7x10 0x60') },
    expect: [
      ...keepsFiring('SATokenNodeRotationStalled', stalled, 10),
      ...silent('SATokenNodeRotationStalled', 11, 13),
    ],
  },
  {
    it: 'a late token of another cause makes no alert on a node that is stalled in a single scrape',
    series: {
      ...nodeScraped('9x20'),
      ...cause('kubelet_stalled', '0x3 7 0x20'),
      ...problem('rotation_overdue', '1x20'),
    },
    expect: silent('SATokenNodeRotationStalled', 3, 4, 5, 6, 7),
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
      { alert: 'SATokenRotationOverdue', at: 9, fire: [overdueWarning] },
      { alert: 'SATokenRotationOverdue', at: 10, fire: [overdueWarning, overdueCritical] },
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
    expect: [1, 2, 3, 4, 5].map((at) => ({
      alert: 'SATokenRotationOverdue',
      at,
      fire: at % 2 === 0 ? [overdueWarning] : [overdueWarning, overdueCritical],
    })),
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
      { alert: 'SATokenRotationOverdue', at: 12, fire: [overdueWarning, overdueCritical] },
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
  ...PULSE_CASES,
  ...FLEET_CASES,
  ...STALL_CASES,
  ...SEVERITY_CASES,
  ...CLOCK_CASES,
  ...CLUSTER_CASES,
  ...ALONE_CASES,
];
