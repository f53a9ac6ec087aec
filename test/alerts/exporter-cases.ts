/**
 * Cases of the alerts on whether the exporter is there, and whether it sees what it should.
 */
import { type Case, type Firing, fires, keepsFiring, silent } from './promtool.ts';
import { scraped, series, TARGET } from './series.ts';

const NODE = { node: 'node-1' };
const up = (values: string, labels = {}) => ({ [series('up', { ...TARGET, ...labels })]: values });

const down: Firing = {
  severity: 'warning',
  labels: TARGET,
  description:
    'Target 10.0.0.1:9894 of job sa-token-exporter: no answer; the tokens of its node are not watched. Check first: kubectl get pods of the exporter with -o wide, and the log of the one on that node.',
};
const allDown: Firing = {
  severity: 'critical',
  labels: {},
  description:
    'Not one exporter answers Prometheus, or there is no target at all: no token is watched, and none of the other alerts can fire. Check first: kubectl get daemonset of the exporter, then the targets page of Prometheus.',
};
const other = { instance: '10.0.0.2:9894' };

const DOWN_CASES: readonly Case[] = [
  {
    it: 'an exporter that does not answer is told after 15 minutes',
    series: { ...up('0x30'), ...up('1x30', other) },
    expect: fires('SATokenExporterDown', 15, down),
  },
  {
    it: 'an exporter that misses scrapes now and then is not told of',
    series: { ...up('1 0 0 1 0 1 0 0 0 1x20'), ...up('1x30', other) },
    expect: silent('SATokenExporterDown', 15, 20, 30),
  },
  {
    it: 'the last exporter that does not answer is told twice, in two bands',
    series: up('0x30'),
    expect: fires('SATokenExporterDown', 15, down, allDown),
  },
  {
    it: 'no exporter at all is critical',
    series: up('1x30', { job: 'another' }),
    expect: fires('SATokenExporterDown', 15, allDown),
  },
  {
    it: 'exporters that are found by a PodMonitor are known by its name',
    series: up('1x30', { job: 'monitoring/sa-token-exporter' }),
    expect: silent('SATokenExporterDown', 15, 30),
  },
];

const ready = (values: string) => ({
  [series('kube_node_status_condition', { ...NODE, condition: 'Ready', status: 'true' })]: values,
});
const seen = (values: string) => ({ [scraped('satoken_tokens', { kind: 'projected' })]: values });
const scannedAt = (values: string) => ({ [scraped('satoken_last_scan_timestamp_seconds')]: values });

const missing: Firing = {
  labels: NODE,
  description:
    'Node node-1: ready, and no exporter tells of its tokens. Check first: taints of the node against the tolerations of the DaemonSet (kubectl describe node).',
};

const MISSING_CASES: readonly Case[] = [
  {
    it: 'a ready node without an exporter is told after 15 minutes',
    series: ready('1x30'),
    expect: fires('SATokenExporterMissing', 15, missing),
  },
  {
    it: 'a ready node with an exporter is not told of, be there no token',
    series: { ...ready('1x30'), ...seen('0x30') },
    expect: silent('SATokenExporterMissing', 15, 30),
  },
  {
    it: 'a node that gets its exporter in time is not told of',
    series: { ...ready('1x30'), ...seen('_x10 5x20') },
    expect: silent('SATokenExporterMissing', 15, 30),
  },
  {
    it: 'a node that is not ready needs no exporter',
    series: ready('0x30'),
    expect: silent('SATokenExporterMissing', 15, 30),
  },
  {
    it: 'an exporter that is down is not missing as well, where its target names the node',
    series: { ...ready('1x30'), ...up('0x30', NODE) },
    expect: silent('SATokenExporterMissing', 15, 30),
  },
  {
    it: 'without kube-state-metrics no node is missed',
    series: seen('5x5'),
    expect: silent('SATokenExporterMissing', 30),
  },
];

const old: Firing = {
  labels: NODE,
  description:
    "Node node-1: the exporter answers, and what it says of the node's tokens is old, or it could never list the pods. Check first: its log, then --kubelet.root-dir and the hostPath mount.",
};

const SCAN_CASES: readonly Case[] = [
  {
    // At minute 5 it is 300 s old, which is not too old yet.
    it: 'a last pass of more than 5 minutes ago is told after 15 minutes more',
    series: { ...seen('5x40'), ...scannedAt('0x40') },
    expect: fires('SATokenScanOld', 21, old),
  },
  {
    it: 'a pass that never came is told after 15 minutes',
    series: seen('0x40'),
    expect: fires('SATokenScanOld', 15, old),
  },
  {
    it: 'passes that go on are not told of',
    series: { ...seen('5x40'), ...scannedAt('0+60x40') },
    expect: silent('SATokenScanOld', 15, 21, 40),
  },
  {
    it: 'of an exporter that is down no pass is old',
    series: { ...seen('5x5 stale'), ...scannedAt('0x5 stale') },
    expect: silent('SATokenScanOld', 21, 40),
  },
];

const unreadable = (reason: string): Firing => ({
  labels: { ...NODE, reason },
  description: `Node node-1: there are tokens, volumes or folders that cannot be read (${reason}), and nothing is known of what is in them. Check first: which ones, by the labels of satoken_unreadable.`,
});
const object = (reason: string, pod_uid: string, values: string) => ({
  [scraped('satoken_unreadable', { pod_uid, volume: 'v', path: 'token', reason })]: values,
});

const UNREADABLE_CASES: readonly Case[] = [
  {
    it: 'what cannot be read is told once for each reason, after 15 minutes',
    series: {
      ...object('permission_denied', 'a', '1x30'),
      ...object('permission_denied', 'b', '1x30'),
      ...object('empty', 'c', '1x30'),
    },
    expect: fires('SATokenUnreadable', 15, unreadable('empty'), unreadable('permission_denied')),
  },
  {
    it: 'what cannot be read for a while is not told of',
    series: object('not_mounted', 'a', '1x11 stale'),
    expect: silent('SATokenUnreadable', 11, 15, 30),
  },
];

const selfView: Firing = {
  labels: NODE,
  description:
    "Node node-1: the exporter does not find its own pod's tokens as they are, so what it says of other pods is not to be trusted. Failing: propagation, readable. Check first: mountPropagation: HostToContainer on its hostPath mount.",
};
/** What it said last. */
const mended: Firing = {
  ...selfView,
  description: selfView.description.replace('propagation, readable', 'propagation'),
};
const check = (name: string, values: string) => ({ [scraped('satoken_self_view', { check: name })]: values });
const canaryLate: Firing = {
  labels: NODE,
  description:
    'Node node-1: the canary, a token of ten minutes, is late or gone; rotation on this node may be about to fail for everybody. Check first: systemctl status kubelet on the node.',
};
const canary = (values: string) => ({ [scraped('satoken_canary_healthy')]: values });

const SELF_CASES: readonly Case[] = [
  {
    it: 'checks of the own view that fail are told after 3 minutes, once for their node',
    series: {
      ...check('propagation', '0x20 1x40'),
      ...check('readable', '0x60'),
      ...check('folder', '1x60'),
    },
    expect: fires('SATokenSelfViewWrong', 3, selfView),
  },
  {
    it: 'a wrong view is told for a while longer than it is wrong',
    series: check('propagation', '0x20 1x40'),
    expect: [...keepsFiring('SATokenSelfViewWrong', mended, 29), ...silent('SATokenSelfViewWrong', 32)],
  },
  {
    it: 'an exporter that does not know its pod has no wrong view of it',
    series: seen('5x30'),
    expect: [...silent('SATokenSelfViewWrong', 30), ...silent('SATokenCanaryLate', 30)],
  },
  {
    it: 'a canary that is late is told after 5 minutes, and until its own token recovers',
    series: canary('0x20 1x40'),
    expect: [
      ...fires('SATokenCanaryLate', 5, canaryLate),
      ...keepsFiring('SATokenCanaryLate', canaryLate, 29),
      ...silent('SATokenCanaryLate', 32),
    ],
  },
  {
    it: 'a canary that is late for a moment is not told of',
    series: canary('1 1 0 0 0 1x30'),
    expect: silent('SATokenCanaryLate', 5, 7, 10, 30),
  },
  {
    it: 'a canary that is late is told in time though single scrapes fail',
    series: canary('0 0 _ 0 _ _ 0x30'),
    expect: fires('SATokenCanaryLate', 5, canaryLate),
  },
];

export const EXPORTER_CASES: readonly Case[] = [
  ...DOWN_CASES,
  ...MISSING_CASES,
  ...SCAN_CASES,
  ...UNREADABLE_CASES,
  ...SELF_CASES,
];
