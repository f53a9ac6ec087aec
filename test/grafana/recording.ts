/**
 * The hour as a Prometheus would have it: three clusters, one for each per-token mode, in one block of data.
 *
 * The first cluster has no `cluster` label, and a second node. Series get the labels of their target where they do not
 * have them, as with `honor_labels`.
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLUSTER_RESOURCES } from '../../src/core/cluster-facts.ts';
import { NO_FACTS } from '../../src/core/facts.ts';
import { createTakeSnapshot, type Snapshot } from '../../src/core/snapshot.ts';
import type { PerTokenMode } from '../../src/core/token.ts';
import { createExporterMetrics, type ExporterMetrics } from '../../src/metrics/exporter-metrics.ts';
import { EXPORTER } from '../../src/metrics/exporter-rows.ts';
import { createListFamilies, type ListFamilies } from '../../src/metrics/families.ts';
import { labelText } from '../../src/metrics/labels.ts';
import { formatValue } from '../../src/metrics/text.ts';
import { SUCCESS } from '../../src/sources/api-server/requests.ts';
import { rotationLag } from '../../src/sources/files/volume.ts';
import { BUILD } from '../support/exposition.ts';
import { policy } from '../support/tokens.ts';
import { instantOf, type Moment, playHour, RESTARTED_AT, START, type Stage } from './script.ts';

const DAY = 86_400;
/** An alert waits before it fires; how long is another suite's matter. */
const ALERT_FROM = instantOf('payments') - 60;
export const JOB = 'monitoring/sa-token-exporter';

/** What `cluster` chooses: the cluster without that label, and those named by their mode. */
export const CLUSTERS = { all: '', problems: 'problems', none: 'none' } as const satisfies Record<
  PerTokenMode,
  string
>;

interface Agent {
  readonly node: string;
  readonly target: Readonly<Record<string, string>>;
  readonly metrics: ExporterMetrics;
  readonly list: ListFamilies;
  /** Whether it has a web configuration. */
  readonly isGuarded: boolean;
  readonly isThere: (stage: Stage) => boolean;
  readonly see: (moment: Moment) => Snapshot;
}

function createAgent(
  cluster: string,
  node: string,
  perToken: PerTokenMode,
  index: number,
): Omit<Agent, 'isGuarded' | 'isThere' | 'see'> {
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

/** The node that everything happens to, in the cluster of a mode. */
function createFirstAgent(perToken: PerTokenMode, index: number): Agent {
  const take = createTakeSnapshot(policy());
  return {
    ...createAgent(CLUSTERS[perToken], 'node-1', perToken, index),
    isGuarded: true,
    isThere: () => true,
    see: ({ facts, now }) => take(facts, now),
  };
}

/** A node that has healthy pods alone, whose agent goes one day. */
function createSecondAgent(): Agent {
  const take = createTakeSnapshot(policy());
  return {
    ...createAgent(CLUSTERS.all, 'node-2', 'all', 9),
    isGuarded: false,
    isThere: ({ goingOn }) => !goingOn.has('second agent gone'),
    see: ({ facts: { observation }, now }) => {
      const tokens = observation.tokens.filter(({ identity }) => identity.pod.startsWith('shop-'));
      return take({ ...NO_FACTS, observation: { ...observation, tokens, unreadable: [] } }, now);
    },
  };
}

/** Labels of the target where the series has none of the name. */
function withTarget(labels: string, target: Agent['target']): string {
  const missing = Object.entries(target).filter(([name]) => !new RegExp(`(^|,)${name}="`).test(labels));
  return [labels, labelText(Object.fromEntries(missing))].filter((text) => text !== '').join(',');
}

/** What the process says of itself is the test's; when it started is the script's. */
function startOf({ node }: Agent, { stage }: Moment): number {
  const isRestarted = node === 'node-1' && stage.goingOn.has('first agent restarted');
  return isRestarted ? RESTARTED_AT : START - DAY;
}

function countAtGuard(metrics: ExporterMetrics, { goingOn }: Stage): void {
  metrics.set(EXPORTER.webConfigReloadSuccessful, Number(!goingOn.has('web configuration broken')));
  metrics.set(EXPORTER.webConfigReloadTime, START);
  if (goingOn.has('passwords guessed'))
    for (const code of ['401', '429'] as const) metrics.inc(EXPORTER.webRejections, { code });
}

function count({ metrics, isGuarded }: Agent, stage: Stage): void {
  const { goingOn } = stage;
  if (isGuarded) countAtGuard(metrics, stage);
  for (const resource of CLUSTER_RESOURCES)
    metrics.inc(EXPORTER.apiRequests, {
      resource,
      code: goingOn.has('API server gone') ? 'unreachable' : SUCCESS[resource],
    });
  if (goingOn.has('bug')) metrics.inc(EXPORTER.exporterErrors, { part: 'pass' });
  if (goingOn.has('watches limited')) metrics.inc(EXPORTER.watchErrors, { reason: 'max_user_watches' });
}

type Lines = string[];

function add(lines: Lines, name: string, labels: string, value: number, now: number): void {
  lines.push(`${name}{${labels}} ${formatValue(value)} ${now}`);
}

async function addScrape(lines: Lines, agent: Agent, moment: Moment): Promise<void> {
  const { now, stage } = moment;
  const isUp = agent.isThere(stage);
  add(lines, 'up', labelText(agent.target), Number(isUp), now);
  if (!isUp) return;
  count(agent, stage);
  const families = [...agent.list(agent.see(moment)), ...(await agent.metrics.families())];
  const before = lines.length;
  for (const { metric, samples } of families)
    for (const { labels, value, suffix = '' } of samples) {
      const told = metric.name === 'process_start_time_seconds' ? startOf(agent, moment) : value;
      add(lines, metric.name + suffix, withTarget(labels, agent.target), told, now);
    }
  const own = labelText(agent.target);
  add(lines, 'scrape_samples_scraped', own, lines.length - before, now);
  add(lines, 'scrape_duration_seconds', own, 0.012, now);
}

/** Of Prometheus and kube-state-metrics. */
function addOthers(lines: Lines, cluster: string, { now, stage }: Moment): void {
  const base = cluster === '' ? {} : { cluster };
  const nodes = ['node-1', ...(cluster === '' ? ['node-2'] : [])];
  if (stage.goingOn.has('third node joined')) nodes.push('node-3');
  for (const node of nodes)
    add(lines, 'kube_node_info', labelText({ ...base, job: 'kube-state-metrics', node }), 1, now);
  if (now < ALERT_FROM) return;
  const alert = { alertname: 'SATokenExpired', alertstate: 'firing', severity: 'critical', node: 'node-1' };
  add(lines, 'ALERTS', labelText({ ...base, ...alert, namespace: 'demo', pod: 'payments' }), 1, now);
}

function createRecorder(file: string) {
  const modes = Object.keys(CLUSTERS) as readonly PerTokenMode[];
  const agents = [...modes.map(createFirstAgent), createSecondAgent()];
  const onMoment = async (moment: Moment): Promise<void> => {
    const lines: Lines = [];
    for (const agent of agents) await addScrape(lines, agent, moment);
    for (const cluster of Object.values(CLUSTERS)) addOthers(lines, cluster, moment);
    appendFileSync(file, `${lines.join('\n')}\n`);
  };
  return { agents, onMoment };
}

/** Records the hour into the folder of a Prometheus. */
export async function recordHour(folder: string, data: string): Promise<void> {
  const file = join(folder, 'hour.om');
  writeFileSync(file, '');
  const { agents, onMoment } = createRecorder(file);
  await playHour({
    onMoment,
    onRotation: (rotation) => {
      const lag = rotationLag(rotation);
      for (const { metrics } of agents) {
        metrics.inc(EXPORTER.rotations);
        if (lag !== undefined) metrics.observe(EXPORTER.rotationLag, lag);
      }
    },
    onReadFailure: (reason) => {
      for (const { metrics } of agents) metrics.inc(EXPORTER.readErrors, { reason });
    },
  });
  appendFileSync(file, '# EOF\n');
  execFileSync('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', file, data], { stdio: 'pipe' });
}
