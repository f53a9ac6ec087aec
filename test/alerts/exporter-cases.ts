/**
 * Cases of the alerts on missing exporters and on exporters without current or correct data.
 */
import { type Case, type Firing, fires, keepsFiring, silent } from './promtool.ts';
import { nodeScraped, scraped, series, TARGET } from './series.ts';

const NODE = { node: 'node-1' };
const up = (values: string, labels = {}) => ({ [series('up', { ...TARGET, ...labels })]: values });

const down: Firing = { severity: 'warning', labels: TARGET };
const allDown: Firing = { severity: 'critical', labels: {} };
const other = { instance: '10.0.0.2:9894' };

const DOWN_CASES: readonly Case[] = [
  {
    it: 'an exporter that cannot be scraped alerts after 15 minutes',
    series: { ...up('0x30'), ...up('1x30', other) },
    expect: fires('SATokenExporterDown', 15, down),
  },
  {
    it: 'an exporter that misses single scrapes makes no alert',
    series: { ...up('1 0 0 1 0 1 0 0 0 1x20'), ...up('1x30', other) },
    expect: silent('SATokenExporterDown', 15, 20, 30),
  },
  {
    it: 'the last exporter that cannot be scraped alerts at both severities',
    series: up('0x30'),
    expect: fires('SATokenExporterDown', 15, down, allDown),
  },
  {
    it: 'a Prometheus without any exporter is critical',
    series: up('1x30', { job: 'another' }),
    expect: fires('SATokenExporterDown', 15, allDown),
  },
  {
    it: 'an exporter that is scraped through a PodMonitor makes no alert',
    series: up('1x30', { job: 'monitoring/sa-token-exporter' }),
    expect: silent('SATokenExporterDown', 15, 30),
  },
];

const ready = (values: string) => ({
  [series('kube_node_status_condition', { ...NODE, condition: 'Ready', status: 'true' })]: values,
});
const seen = (values: string) => nodeScraped(values);
const scannedAt = (values: string) => ({ [scraped('satoken_last_scan_timestamp_seconds')]: values });

const ofNode: Firing = { labels: NODE };

const MISSING_CASES: readonly Case[] = [
  {
    it: 'a ready node without an exporter alerts after 15 minutes',
    series: ready('1x30'),
    expect: fires('SATokenExporterMissing', 15, ofNode),
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
    it: 'failing self-checks make one alert for their node after 3 minutes',
    series: {
      ...check('propagation', '0x20 1x40'),
      ...check('readable', '0x60'),
      ...check('folder', '1x60'),
    },
    expect: fires('SATokenSelfViewWrong', 3, failingChecks('propagation, readable')),
  },
  {
    it: 'the alert on a self-check outlasts the failure, with the list that it had last',
    series: check('propagation', '0x20 1x40'),
    expect: [
      ...keepsFiring('SATokenSelfViewWrong', failingChecks('propagation'), 29),
      ...silent('SATokenSelfViewWrong', 32),
    ],
  },
  {
    it: 'an exporter that does not know its pod makes no alert on itself',
    series: seen('5x30'),
    expect: [...silent('SATokenSelfViewWrong', 30), ...silent('SATokenCanaryLate', 30)],
  },
  {
    it: 'an overdue canary alerts at the second scrape, and longer than it is overdue',
    series: { ...seen('5x80'), ...canary('0x20 1x40') },
    expect: [
      ...fires('SATokenCanaryLate', 1, ofNode),
      ...keepsFiring('SATokenCanaryLate', ofNode, 30),
      ...silent('SATokenCanaryLate', 31),
    ],
  },
  {
    it: 'a canary that is overdue in a single scrape makes no alert',
    series: { ...seen('5x80'), ...canary('1 1 0 1x30') },
    expect: silent('SATokenCanaryLate', 1, 2, 3, 4, 10, 30),
  },
  {
    it: 'an overdue canary alerts in time while single scrapes fail',
    series: { ...seen('5 stale 5 stale stale 5x30'), ...canary('0 stale 0 stale stale 0x30') },
    expect: [...fires('SATokenCanaryLate', 1, ofNode), ...keepsFiring('SATokenCanaryLate', ofNode, 3, 4, 5)],
  },
];

export const EXPORTER_CASES: readonly Case[] = [
  ...DOWN_CASES,
  ...MISSING_CASES,
  ...SCAN_CASES,
  ...UNREADABLE_CASES,
  ...SELF_CASES,
];
