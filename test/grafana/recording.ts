/**
 * Records the scripted hour as data of a Prometheus: three clusters, one for each per-token mode.
 *
 * The first cluster has no `cluster` label, and a second node. Series get labels of their target that they do not
 * have, as with `honor_labels`.
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLUSTER_RESOURCES } from '../../src/core/cluster-facts.ts';
import { NO_FACTS } from '../../src/core/facts.ts';
import { advanceHistory, NEW_HISTORY } from '../../src/core/history.ts';
import { createTakeSnapshot, type Snapshot } from '../../src/core/snapshot.ts';
import type { PerTokenMode } from '../../src/core/token/token.ts';
import { createExporterMetrics, type ExporterMetrics } from '../../src/metrics/exporter-metrics.ts';
import { EXPORTER } from '../../src/metrics/exporter-rows.ts';
import { createListFamilies, type ListFamilies } from '../../src/metrics/families.ts';
import { labelText } from '../../src/metrics/labels.ts';
import { formatValue } from '../../src/metrics/text.ts';
import { SUCCESS } from '../../src/sources/api-server/client/requests.ts';
import { rotationLag } from '../../src/sources/files/volume.ts';
import { BUILD } from '../support/exposition.ts';
import { policy } from '../support/tokens.ts';
import { habitSeries, pulseSeries } from './reads-series.ts';
import { instantOf, type Moment, playHour, START, type Stage, startOf } from './script.ts';

const DAY = 86_400;
/** When the recorded alert starts to fire. */
const ALERT_FROM = instantOf('payments') - 60;
export const JOB = 'monitoring/sa-token-exporter';

/** The value of `cluster` for each mode. */
export const CLUSTERS = { all: '', problems: 'problems', none: 'none' } as const satisfies Record<
  PerTokenMode,
  string
>;

interface Exporter {
  readonly node: string;
  readonly target: Readonly<Record<string, string>>;
  readonly metrics: ExporterMetrics;
  readonly list: ListFamilies;
  /** Whether it has a web configuration. */
  readonly hasWebConfig: boolean;
  readonly isUp: (stage: Stage) => boolean;
  readonly snapshot: (moment: Moment) => Snapshot;
}

function createExporter(
  cluster: string,
  node: string,
  perToken: PerTokenMode,
  index: number,
): Omit<Exporter, 'hasWebConfig' | 'isUp' | 'snapshot'> {
  const metrics = createExporterMetrics({
    node,
    build: BUILD,
    onError: (error) => {
      throw error;
    },
  });
  const target = {
    ...(cluster === '' ? {} : { cluster }),
    job: JOB,
    instance: `10.0.0.${index}:9894`,
    namespace: 'monitoring',
    pod: `sa-token-exporter-${index}`,
  };
  const list = createListFamilies({ node, perToken, isRelativeShown: true });
  return { node, target, metrics, list };
}

/** The exporter of the node that the script is about, in the cluster of a mode. */
function createFirstExporter(perToken: PerTokenMode, index: number): Exporter {
  const take = createTakeSnapshot(policy());
  let history = NEW_HISTORY;
  return {
    ...createExporter(CLUSTERS[perToken], 'node-1', perToken, index),
    hasWebConfig: true,
    isUp: () => true,
    snapshot: ({ facts, now }) => {
      const snapshot = take({ ...facts, history }, now);
      history = advanceHistory(snapshot, history);
      return take({ ...facts, history }, now);
    },
  };
}

/** The exporter of a node with healthy pods only, which goes down. */
function createSecondExporter(): Exporter {
  const take = createTakeSnapshot(policy());
  return {
    ...createExporter(CLUSTERS.all, 'node-2', 'all', 9),
    hasWebConfig: false,
    isUp: ({ active }) => !active.has('second exporter down'),
    snapshot: ({ facts: { observation }, now }) => {
      const tokens = observation.tokens.filter(({ identity }) => identity.pod.startsWith('shop-'));
      return take({ ...NO_FACTS, observation: { ...observation, tokens, unreadable: [] } }, now);
    },
  };
}

/** Adds the labels of the target that the series does not have. */
function withTarget(labels: string, target: Exporter['target']): string {
  const missing = Object.entries(target).filter(([name]) => !new RegExp(`(^|,)${name}="`).test(labels));
  return [labels, labelText(Object.fromEntries(missing))].filter((text) => text !== '').join(',');
}

/** The start time according to the script; the process metrics are those of the test. */
function processStart({ node }: Exporter, { stage }: Moment): number {
  const restart = 'first exporter restarted';
  return node === 'node-1' && stage.active.has(restart) ? startOf(restart) : START - DAY;
}

function countWebMetrics(metrics: ExporterMetrics, { active }: Stage): void {
  metrics.set(EXPORTER.webConfigReloadSuccessful, Number(!active.has('web configuration invalid')));
  metrics.set(EXPORTER.webConfigReloadTime, START);
  if (active.has('passwords guessed'))
    for (const code of ['401', '401', '429'] as const) metrics.inc(EXPORTER.webRejections, { code });
}

function count({ metrics, hasWebConfig }: Exporter, stage: Stage): void {
  const { active } = stage;
  if (hasWebConfig) countWebMetrics(metrics, stage);
  for (const [index, resource] of CLUSTER_RESOURCES.entries())
    for (let request = 0; request <= index; request += 1)
      metrics.inc(EXPORTER.apiRequests, {
        resource,
        code: active.has('API server down') ? 'unreachable' : SUCCESS[resource],
      });
  if (active.has('internal error')) metrics.inc(EXPORTER.exporterErrors, { part: 'pass' });
  if (active.has('watches limited')) metrics.inc(EXPORTER.watchErrors, { reason: 'max_user_watches' });
}

type Lines = string[];

function add(lines: Lines, name: string, labels: string, value: number, now: number): void {
  lines.push(`${name}{${labels}} ${formatValue(value)} ${now}`);
}

async function addScrape(lines: Lines, exporter: Exporter, moment: Moment): Promise<void> {
  const { now, stage } = moment;
  const isUp = exporter.isUp(stage);
  add(lines, 'up', labelText(exporter.target), Number(isUp), now);
  if (!isUp) return;
  count(exporter, stage);
  const families = [...exporter.list(exporter.snapshot(moment)), ...(await exporter.metrics.families())];
  const before = lines.length;
  for (const { metric, samples } of families)
    for (const { labels, value, suffix = '' } of samples) {
      const recorded = metric.name === 'process_start_time_seconds' ? processStart(exporter, moment) : value;
      add(lines, metric.name + suffix, withTarget(labels, exporter.target), recorded, now);
    }
  const own = labelText(exporter.target);
  add(lines, 'scrape_samples_scraped', own, lines.length - before, now);
  add(lines, 'scrape_duration_seconds', own, 0.012, now);
}

const ALERT_SUBJECT = { namespace: 'demo', serviceaccount: 'payments', pod: 'payments' };

/** Series of Prometheus and kube-state-metrics. */
function addOthers(lines: Lines, cluster: string, { now, stage }: Moment): void {
  const base = cluster === '' ? {} : { cluster };
  const nodes = ['node-1', ...(cluster === '' ? ['node-2'] : [])];
  if (cluster !== '' && stage.active.has('second exporter down'))
    add(lines, 'up', labelText({ ...base, job: JOB, instance: '10.0.0.9:9894' }), 0, now);
  if (stage.active.has('third node joined')) nodes.push('node-3');
  for (const node of nodes)
    add(lines, 'kube_node_info', labelText({ ...base, job: 'kube-state-metrics', node }), 1, now);
  if (now < ALERT_FROM) return;
  const alert = { alertname: 'SATokenExpired', alertstate: 'firing', severity: 'critical', node: 'node-1' };
  add(lines, 'ALERTS', labelText({ ...base, ...alert, ...ALERT_SUBJECT }), 1, now);
}

function tokenOf(name: string, node: string): Readonly<Record<string, string>> {
  const volume = { volume: 'vault-token', path: 'vault-token' };
  return { node, namespace: 'demo', pod: name, pod_uid: `uid-of-${name}`, serviceaccount: name, ...volume };
}

/** What an exporter that watches reads adds. */
function addReads(lines: Lines, cluster: string, { now }: Moment): void {
  const target = { ...(cluster === '' ? {} : { cluster }), job: JOB, instance: 'reads:9894' };
  const hasProblems = now >= startOf('ghost');
  const ofTokens = hasProblems && cluster !== CLUSTERS.none;
  const series = [
    ...pulseSeries({ node: 'node-1' }, Number(hasProblems), now, Math.min(now, startOf('kubelet stopped'))),
    ...(ofTokens ? habitSeries(tokenOf('reports', 'node-1'), 'not_reread', now) : []),
    ...(ofTokens ? habitSeries(tokenOf('static-site', 'node-1'), 'unread', now) : []),
  ];
  for (const { name, labels, value } of series)
    add(lines, name, labelText({ ...labels, ...target }), value, now);
}

function sumOf(lines: Lines, cluster: string, metric: string, matcher: RegExp): number {
  const own = lines.filter((line) => {
    const isOfCluster = cluster === '' ? !line.includes('cluster="') : line.includes(`cluster="${cluster}"`);
    return isOfCluster && line.startsWith(`${metric}{`) && matcher.test(line);
  });
  return own.reduce((sum, line) => sum + Number(line.split(' ').at(-2)), 0);
}

/** What the recording rules of the service level objective make of a scrape. */
function addRecorded(lines: Lines, cluster: string, { now }: Moment): void {
  const labels = labelText(cluster === '' ? {} : { cluster });
  const rotated = sumOf(lines, cluster, 'satoken_tokens', /kind="projected",origin="(kubelet|unknown)"/);
  const overdue = sumOf(lines, cluster, 'satoken_problems', /reason="rotation_overdue"/);
  add(lines, 'cluster:satoken_rotated_tokens:count', labels, rotated, now);
  add(lines, 'cluster:satoken_overdue_tokens:count', labels, overdue, now);
  add(lines, 'cluster:satoken_rotated_in_time:ratio', labels, 1 - overdue / rotated, now);
}

function createRecorder(file: string) {
  const modes = Object.keys(CLUSTERS) as readonly PerTokenMode[];
  const exporters = [...modes.map(createFirstExporter), createSecondExporter()];
  const onMoment = async (moment: Moment): Promise<void> => {
    const lines: Lines = [];
    for (const exporter of exporters) await addScrape(lines, exporter, moment);
    for (const cluster of Object.values(CLUSTERS)) {
      addOthers(lines, cluster, moment);
      addRecorded(lines, cluster, moment);
      addReads(lines, cluster, moment);
    }
    appendFileSync(file, `${lines.join('\n')}\n`);
  };
  return { exporters, onMoment };
}

/** Records the hour into the data directory of a Prometheus. */
export async function recordHour(folder: string, data: string): Promise<void> {
  const file = join(folder, 'hour.om');
  writeFileSync(file, '');
  const { exporters, onMoment } = createRecorder(file);
  await playHour({
    onMoment,
    onRotation: (rotation) => {
      const lag = rotationLag(rotation);
      for (const { metrics } of exporters) {
        metrics.inc(EXPORTER.rotations);
        if (lag !== undefined) metrics.observe(EXPORTER.rotationLag, lag);
      }
    },
    onReadFailure: (reason) => {
      for (const { metrics } of exporters) metrics.inc(EXPORTER.readErrors, { reason });
    },
  });
  appendFileSync(file, '# EOF\n');
  execFileSync('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', file, data], { stdio: 'pipe' });
}
