/**
 * Cases of the alerts on missing exporters and on exporters without current or correct data.
 */
import { type Case, type Firing, fires, keepsFiring, silent } from './promtool.ts';
import { nodeScraped, scraped, series, TARGET } from './series.ts';

const NODE = { node: 'node-1' };
const up = (values: string, labels = {}) => ({ [series('up', { ...TARGET, ...labels })]: values });

const down: Firing = { severity: 'warning', labels: TARGET };
const allDown: Firing = { severity: 'critical', labels: {} };
const allDownIn = (cluster: string): Firing => ({ severity: 'critical', labels: { cluster } });
const other = { instance: '10.0.0.2:9894' };
const EAST = { cluster: 'east' };
const WEST = { cluster: 'west' };
const seen = nodeScraped;
const DAEMON_SET = { namespace: 'monitoring', daemonset: 'prod-sa-token-exporter' };
const daemonSet = (metric: string, values: string, labels = {}) => ({
  [series(`kube_daemonset_status_${metric}`, { ...DAEMON_SET, ...labels })]: values,
});
const desired = (values: string, labels = {}) => daemonSet('desired_number_scheduled', values, labels);
const readyPods = (values: string, labels = {}) => daemonSet('number_ready', values, labels);
const updatedPods = (values: string) => daemonSet('updated_number_scheduled', values);
const started = (values: string) => ({ [series('process_start_time_seconds', TARGET)]: values });

/** A scrape every two minutes. */
function everySecond(value: string, count: number): string {
  return Array.from({ length: count }, () => `${value} _`).join(' ');
}

const DOWN_CASES: readonly Case[] = [
  {
    it: 'an exporter that cannot be scraped alerts after 15 minutes',
    series: { ...up('0x30'), ...up('1x30', other), ...seen('5x30') },
    expect: fires('SATokenExporterDown', 15, down),
  },
  {
    it: 'an exporter that cannot be scraped alerts after 15 minutes with a scrape every 2 minutes',
    series: { ...up(everySecond('0', 20)), ...up('1x40', other), ...seen('5x40') },
    expect: fires('SATokenExporterDown', 15, down),
  },
  {
    it: 'an exporter that misses single scrapes makes no alert',
    series: { ...up('1 0 0 1 0 1 0 0 0 1x20'), ...up('1x30', other), ...seen('5x30') },
    expect: silent('SATokenExporterDown', 15, 20, 30),
  },
  {
    it: 'an exporter that restarts forever and is up once in 5 minutes alerts',
    series: {
      ...up('0 1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1'),
      ...up('1x30', other),
      ...seen('5x30'),
    },
    expect: [
      ...silent('SATokenExporterDown', 15),
      ...keepsFiring('SATokenExporterDown', down, 18, 21, 23, 26),
    ],
  },
  {
    it: 'an exporter that is up for most of the time and restarts every 5 minutes alerts',
    series: { ...up('1x60'), ...seen('5x60'), ...started('1x20 2x5 3x5 4x5 5x5 6x5 7x20') },
    expect: [...silent('SATokenExporterDown', 40), ...keepsFiring('SATokenExporterDown', down, 43, 50)],
  },
  {
    it: 'an exporter that restarts once makes no alert',
    series: { ...up('1x10 0 1x49'), ...seen('5x60'), ...started('1x10 _ 2x49') },
    expect: silent('SATokenExporterDown', 11, 20, 26, 40, 60),
  },
  {
    it: 'the last exporter that cannot be scraped alerts at both severities',
    series: up('0x30'),
    expect: fires('SATokenExporterDown', 15, down, allDown),
  },
  {
    it: 'the last exporter that restarts forever alerts at both severities',
    series: {
      ...up('0 1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1'),
      ...seen('_ 5 stale _ _ _ 5 stale _ _ _ 5 stale _ _ _ 5 stale _ _ _ 5 stale _ _ _ 5'),
    },
    expect: keepsFiring('SATokenExporterDown', down, 18, 21, 26).map((one) => ({
      ...one,
      fire: [down, allDown],
    })),
  },
  {
    it: 'a Prometheus without any exporter is critical',
    series: up('1x30', { job: 'another' }),
    expect: fires('SATokenExporterDown', 15, allDown),
  },
  {
    it: 'an exporter that is scraped through a PodMonitor makes no alert',
    series: { ...up('1x30', { job: 'monitoring/sa-token-exporter' }), ...seen('5x30') },
    expect: silent('SATokenExporterDown', 15, 30),
  },
  {
    it: 'a cluster that loses all exporters and their targets is critical, and the other one is not',
    series: { ...seen('5x5 stale', EAST), ...seen('5x60', WEST) },
    expect: [
      ...silent('SATokenExporterDown', 5, 15),
      ...keepsFiring('SATokenExporterDown', allDownIn('east'), 30, 60),
    ],
  },
  {
    it: 'a cluster whose exporters were never scraped is critical if kube-state-metrics knows the DaemonSet',
    series: { ...desired('3x30', EAST), ...desired('3x30', WEST), ...seen('5x30', WEST) },
    expect: fires('SATokenExporterDown', 15, allDownIn('east')),
  },
  {
    it: 'the exporters of all clusters of a central ruler make one critical alert for each cluster',
    series: { ...seen('5x5 stale', EAST), ...seen('5x5 stale', WEST) },
    expect: [
      { alert: 'SATokenExporterDown', at: 30, fire: [allDownIn('east'), allDownIn('west')] },
      ...silent('SATokenExporterDown', 15),
    ],
  },
  {
    it: 'clusters with exporters make no alert, also without the metric up',
    series: { ...seen('5x30', EAST), ...seen('5x30', WEST), ...desired('3x30', EAST) },
    expect: silent('SATokenExporterDown', 15, 30),
  },
];

const ready = (values: string, labels = {}) => ({
  [series('kube_node_status_condition', { ...NODE, condition: 'Ready', status: 'true', ...labels })]: values,
});
const nodeInfo = (labels: Readonly<Record<string, string>>) => ({
  [series('kube_node_info', { ...NODE, ...labels })]: '1x30',
});
const scannedAt = (values: string) => ({ [scraped('satoken_last_scan_timestamp_seconds')]: values });

const ofNode: Firing = { labels: NODE };
const withoutExporter: Firing = {
  labels: NODE,
  prints: { subject: 'Node node-1 is ready and has no exporter.' },
};
const podsNotReady: Firing = {
  labels: DAEMON_SET,
  prints: {
    subject:
      'DaemonSet monitoring/prod-sa-token-exporter: pods are not ready (2), so the tokens of their nodes are not monitored.',
  },
};

const MISSING_CASES: readonly Case[] = [
  {
    it: 'a ready node without an exporter alerts after 15 minutes',
    series: ready('1x30'),
    expect: fires('SATokenExporterMissing', 15, withoutExporter),
  },
  {
    it: 'a ready node with an exporter makes no alert, even without tokens',
    series: { ...ready('1x30'), ...seen('0x30') },
    expect: silent('SATokenExporterMissing', 15, 30),
  },
  {
    it: 'a node that gets its exporter in time makes no alert',
    series: { ...ready('1x30'), ...seen('_x10 5x20') },
    expect: silent('SATokenExporterMissing', 15, 30),
  },
  {
    it: 'a node that is not ready does not need an exporter',
    series: ready('0x30'),
    expect: silent('SATokenExporterMissing', 15, 30),
  },
  {
    it: 'an exporter that is down is not also missing if its target names the node',
    series: { ...ready('1x30'), ...up('0x30', NODE) },
    expect: silent('SATokenExporterMissing', 15, 30),
  },
  {
    it: 'no exporter is missing without kube-state-metrics',
    series: seen('5x5'),
    expect: silent('SATokenExporterMissing', 30),
  },
  ...(
    [
      ['a Windows node', { os_image: 'Windows Server 2022 Datacenter' }],
      ['a virtual kubelet', { kubelet_version: 'v1.25.0-vk-azure-aci-1.6.0' }],
    ] as const
  ).map(([name, labels]) => ({
    it: `${name} does not need an exporter`,
    series: { ...ready('1x30'), ...nodeInfo(labels) },
    expect: silent('SATokenExporterMissing', 15, 30),
  })),
  ...['fargate-ip-10-0-0-1.ec2.internal', 'virtual-node-aci-linux'].map((node) => ({
    it: `the node ${node} does not need an exporter`,
    series: { ...ready('1x30', { node }), ...nodeInfo({ node, os_image: 'Linux' }) },
    expect: silent('SATokenExporterMissing', 15, 30),
  })),
  {
    it: 'a Linux node needs an exporter',
    series: { ...ready('1x30'), ...nodeInfo({ os_image: 'Ubuntu 24.04.1 LTS', kubelet_version: 'v1.36.3' }) },
    expect: fires('SATokenExporterMissing', 15, withoutExporter),
  },
  {
    it: 'a DaemonSet with two pods that are not ready makes one alert after 15 minutes',
    series: { ...desired('5x30'), ...readyPods('3x30'), ...updatedPods('5x30'), ...ready('1x30') },
    expect: fires('SATokenExporterMissing', 15, podsNotReady),
  },
  {
    it: 'a shard of Prometheus that sees the DaemonSet but few of its pods makes no alert',
    series: {
      ...desired('5x30'),
      ...readyPods('5x30'),
      ...ready('1x30'),
      ...seen('5x30', { node: 'node-2' }),
    },
    expect: silent('SATokenExporterMissing', 15, 30),
  },
  {
    it: 'a shard of Prometheus that sees the DaemonSet and one of its pods alerts if two others are not ready',
    series: {
      ...desired('5x30'),
      ...readyPods('3x30'),
      ...updatedPods('5x30'),
      ...ready('1x30'),
      ...seen('5x30', { node: 'node-2' }),
    },
    expect: fires('SATokenExporterMissing', 15, podsNotReady),
  },
  {
    it: 'a Linux node without an exporter alerts next to a Windows node, a Fargate node and a virtual kubelet',
    series: {
      ...ready('1x30'),
      ...nodeInfo({ os_image: 'Ubuntu 24.04.1 LTS', kubelet_version: 'v1.36.3' }),
      ...ready('1x30', { node: 'node-2' }),
      ...nodeInfo({ node: 'node-2', os_image: 'Windows Server 2022 Datacenter' }),
      ...ready('1x30', { node: 'fargate-ip-10-0-0-1.ec2.internal' }),
      ...nodeInfo({ node: 'fargate-ip-10-0-0-1.ec2.internal', os_image: 'Amazon Linux 2' }),
      ...ready('1x30', { node: 'node-3' }),
      ...nodeInfo({ node: 'node-3', kubelet_version: 'v1.25.0-vk-azure-aci-1.6.0' }),
    },
    expect: fires('SATokenExporterMissing', 15, withoutExporter),
  },
  {
    it: 'a pod on each node that is not ready makes no alert',
    series: {
      ...desired('5x30'),
      ...readyPods('3x30'),
      ...ready('0x30'),
      ...ready('0x30', { node: 'node-2' }),
      ...ready('1x30', { node: 'node-3' }),
    },
    expect: silent('SATokenExporterMissing', 15, 30),
  },
  {
    it: 'a rollout that takes an hour makes no alert, and one that is stuck does',
    series: { ...desired('90x100'), ...readyPods('88x100'), ...updatedPods('0+1x60 60x40') },
    expect: [
      ...silent('SATokenExporterMissing', 20, 60, 75),
      ...keepsFiring('SATokenExporterMissing', podsNotReady, 95),
    ],
  },
  {
    it: 'the DaemonSet of one cluster says nothing about the nodes of another',
    series: {
      ...desired('5x30', EAST),
      ...readyPods('5x30', EAST),
      ...ready('1x30', EAST),
      ...ready('1x30', WEST),
    },
    expect: fires('SATokenExporterMissing', 15, { ...withoutExporter, labels: { ...NODE, ...WEST } }),
  },
];

const SCAN_CASES: readonly Case[] = [
  {
    // At minute 5 it is 300 s old, which is not too old yet.
    it: 'a last scan older than 5 minutes alerts after 15 minutes more',
    series: { ...seen('5x40'), ...scannedAt('0x40') },
    expect: fires('SATokenScanOld', 21, ofNode),
  },
  {
    it: 'a first scan that never completes alerts after 15 minutes',
    series: seen('0x40'),
    expect: fires('SATokenScanOld', 15, ofNode),
  },
  {
    it: 'regular scans make no alert',
    series: { ...seen('5x40'), ...scannedAt('0+60x40') },
    expect: silent('SATokenScanOld', 15, 21, 40),
  },
  {
    it: 'the last scan of an exporter that is down makes no alert',
    series: { ...seen('5x5 stale'), ...scannedAt('0x5 stale') },
    expect: silent('SATokenScanOld', 21, 40),
  },
];

const unreadable = (reason: string): Firing => ({ labels: { ...NODE, reason } });
const unreadableIn = (namespace: string): Firing => ({
  labels: { ...NODE, namespace, reason: 'empty' },
  prints: { subject: `, namespace ${namespace}` },
});
const object = (reason: string, pod_uid: string, values: string) => ({
  [scraped('satoken_unreadable', { pod_uid, volume: 'v', path: 'token', reason })]: values,
});

const UNREADABLE_CASES: readonly Case[] = [
  {
    it: 'unreadable objects make one alert for each reason after 15 minutes',
    series: {
      ...object('permission_denied', 'a', '1x30'),
      ...object('permission_denied', 'b', '1x30'),
      ...object('empty', 'c', '1x30'),
    },
    expect: fires('SATokenUnreadable', 15, unreadable('empty'), unreadable('permission_denied')),
  },
  {
    it: 'unreadable objects of one namespace do not hide those of another',
    series: {
      [scraped('satoken_unreadable', { namespace: 'a', pod: 'one', reason: 'empty' })]: '1x60',
      [scraped('satoken_unreadable', { namespace: 'a', pod: 'two', reason: 'empty' })]: '1x60',
      [scraped('satoken_unreadable', { namespace: 'b', pod: 'one', reason: 'empty' })]: '_x20 1x40',
    },
    expect: [
      ...fires('SATokenUnreadable', 15, unreadableIn('a')),
      { alert: 'SATokenUnreadable', at: 34, fire: [unreadableIn('a')] },
      { alert: 'SATokenUnreadable', at: 35, fire: [unreadableIn('a'), unreadableIn('b')] },
    ],
  },
  {
    it: 'what a limit leaves out makes one alert for each namespace, and none for unreadable objects',
    series: {
      ...seen('5x40'),
      [scraped('satoken_unreadable', { namespace: 'a', pod: 'one', reason: 'limit' })]: '1x30',
      [scraped('satoken_unreadable', { namespace: 'a', pod: 'two', reason: 'limit' })]: '1x30',
      [scraped('satoken_unreadable', { namespace: 'b', pod: 'one', reason: 'limit' })]: '1x11 stale',
    },
    expect: [
      ...fires('SATokenLimitExceeded', 15, { labels: { ...NODE, namespace: 'a' } }),
      ...silent('SATokenUnreadable', 15, 30),
    ],
  },
  {
    it: 'an object that becomes readable in time makes no alert',
    series: { ...seen('5x40'), ...object('not_mounted', 'a', '1x11 stale') },
    expect: silent('SATokenUnreadable', 11, 15, 30),
  },
];

const failingChecks = (list: string): Firing => ({ labels: NODE, prints: { list: ` Failing: ${list}.` } });
const check = (name: string, values: string) => ({ [scraped('satoken_self_view', { check: name })]: values });
const canary = (values: string) => ({ [scraped('satoken_canary_healthy')]: values });

const SELF_CASES: readonly Case[] = [
  {
    it: 'failing self-checks make one alert for their node at the second scrape',
    series: {
      ...check('propagation', '0x20 1x40'),
      ...check('readable', '0x60'),
      ...check('folder', '1x60'),
    },
    expect: fires('SATokenSelfViewWrong', 1, failingChecks('propagation, readable')),
  },
  {
    it: 'the alert on a self-check outlasts the failure, with the list that it had last',
    series: check('propagation', '0x20 1x40'),
    expect: [
      ...keepsFiring('SATokenSelfViewWrong', failingChecks('propagation'), 22),
      ...silent('SATokenSelfViewWrong', 25),
    ],
  },
  {
    it: 'an exporter that does not know its pod makes no alert on itself',
    series: seen('5x30'),
    expect: [...silent('SATokenSelfViewWrong', 30), ...silent('SATokenCanaryLate', 30)],
  },
  {
    it: 'an overdue canary alerts at the second scrape, and no longer than it is overdue',
    series: { ...seen('5x80'), ...canary('0x20 1x40') },
    expect: [
      ...fires('SATokenCanaryLate', 1, ofNode),
      ...keepsFiring('SATokenCanaryLate', ofNode, 20),
      ...silent('SATokenCanaryLate', 21, 23),
    ],
  },
  {
    it: 'a canary that is overdue in a single scrape makes no alert',
    series: { ...seen('5x80'), ...canary('1 1 0 1x30') },
    expect: silent('SATokenCanaryLate', 1, 2, 3, 4, 10, 30),
  },
  {
    it: 'an overdue canary alerts after two samples while single scrapes fail',
    series: { ...seen('5 stale 5 stale stale 5x30'), ...canary('0 stale 0 stale stale 0x30') },
    expect: [...silent('SATokenCanaryLate', 1, 2), ...keepsFiring('SATokenCanaryLate', ofNode, 3, 4, 5)],
  },
];

export const EXPORTER_CASES: readonly Case[] = [
  ...DOWN_CASES,
  ...MISSING_CASES,
  ...SCAN_CASES,
  ...UNREADABLE_CASES,
  ...SELF_CASES,
];
