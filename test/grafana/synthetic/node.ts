/**
 * The series of one node of a synthetic fleet, by the exporter itself: `@` in a label stands for the number of the node.
 */
import { CLUSTER_RESOURCES, NO_CLUSTER } from '../../../src/core/cluster-facts.ts';
import { NO_FACTS } from '../../../src/core/facts.ts';
import type { Unreadable } from '../../../src/core/observation.ts';
import { createTakeSnapshot } from '../../../src/core/snapshot.ts';
import type { PerTokenMode, Token } from '../../../src/core/token/token.ts';
import { createExporterMetrics } from '../../../src/metrics/exporter-metrics.ts';
import { EXPORTER } from '../../../src/metrics/exporter-rows.ts';
import { createListFamilies } from '../../../src/metrics/families.ts';
import { BUILD } from '../../support/exposition.ts';
import { ISSUER, observation, policy, token } from '../../support/tokens.ts';
import { habitSeries, pulseSeries } from '../reads-series.ts';

type Labels = Readonly<Record<string, string>>;

/** A series with its value at the time of the snapshot. */
export interface TemplateSeries {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
  /** Whether it is a counter, which grows. */
  readonly isCounter: boolean;
}

export interface NodeOptions {
  readonly perToken: PerTokenMode;
  readonly tokens: number;
  /** How many of the tokens were not rotated; a sixth of these have expired. */
  readonly failing: number;
  /** Namespaces of the tokens. */
  readonly namespaces: number;
  /** Keys that sign the tokens. */
  readonly keys: number;
  readonly unreadable: number;
  /** Time of the snapshot in epoch seconds. */
  readonly at: number;
}

const JOB = 'monitoring/sa-token-exporter';
const LIFETIME = 3_600;
/** Issued so long ago, in seconds: overdue, and expired. */
const OVERDUE = 3_500;
const EXPIRED = 4_000;

function issuedBefore(index: number, failing: number): number {
  if (index >= failing) return (index * 37) % 2_800;
  return index % 6 === 0 ? EXPIRED : OVERDUE;
}

function tokenAt(index: number, { failing, namespaces, keys, at }: NodeOptions): Token {
  const issuedAt = at - issuedBefore(index, failing);
  return token({
    claims: {
      namespace: `team-${index % namespaces}`,
      serviceAccount: { name: `app-${index}`, uid: `account-${index}` },
      pod: { name: `app-${index}-@`, uid: `pod-${index}-@` },
      keyId: `key-${index % keys}`,
      // The catalogue expects another audience in this volume.
      audiences: index < failing && index % 3 === 1 ? [`other-${index}`] : ['vault'],
      issuedAt,
      notBefore: issuedAt,
      expiresAt: issuedAt + LIFETIME,
    },
    identity: { podUid: `pod-${index}-@` },
  });
}

function unreadableAt(index: number): Unreadable {
  return { podUid: `hidden-${index}-@`, volume: 'token', path: 'token', reason: 'not_a_file', detail: '' };
}

function indices(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}

function snapshotOf(options: NodeOptions) {
  const { tokens, failing, unreadable, at, keys } = options;
  const isUp = failing === 0;
  return createTakeSnapshot(policy())(
    {
      ...NO_FACTS,
      observation: observation({
        tokens: indices(tokens).map((index) => tokenAt(index, options)),
        unreadable: indices(unreadable).map(unreadableAt),
        scannedAt: at - 20,
      }),
      cluster: {
        ...NO_CLUSTER,
        resources: new Map(
          CLUSTER_RESOURCES.map((name) => [name, isUp ? { isUp } : { isUp, failure: 'unreachable' }]),
        ),
        authority: {
          readAt: at,
          issuer: ISSUER,
          keyIds: new Set(indices(keys).map((index) => `key-${index}`)),
          audiences: [ISSUER],
          audiencesIssuedAt: at,
        },
      },
    },
    at,
  );
}

function exporterMetrics(at: number) {
  const metrics = createExporterMetrics({
    node: 'node-@',
    build: BUILD,
    onError: (error) => {
      throw error;
    },
  });
  metrics.inc(EXPORTER.rotations);
  metrics.observe(EXPORTER.rotationLag, 31.5);
  for (const resource of CLUSTER_RESOURCES)
    metrics.inc(EXPORTER.apiRequests, { resource, code: 'unreachable' });
  metrics.set(EXPORTER.webConfigReloadSuccessful, 1);
  metrics.set(EXPORTER.webConfigReloadTime, at);
  return metrics;
}

function parseLabels(text: string): Labels {
  return Object.fromEntries(
    [...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name = '', value = '']) => [name, value]),
  );
}

const TARGET: Labels = {
  job: JOB,
  instance: 'exporter-@:9894',
  namespace: 'monitoring',
  pod: 'sa-token-exporter-@',
};

const ALERT: Labels = {
  alertname: 'SATokenExpired',
  alertstate: 'firing',
  severity: 'critical',
  node: 'node-@',
  namespace: 'team-0',
};

/** What kube-state-metrics says about the node. */
export const NODE_INFO: TemplateSeries = {
  name: 'kube_node_info',
  labels: { job: 'kube-state-metrics', node: 'node-@' },
  value: 1,
  isCounter: false,
};

/** Series of Prometheus about the target, and of kube-state-metrics about the node. */
function foreignSeries(samples: number, isAlerting: boolean): readonly TemplateSeries[] {
  const gauge = (name: string, labels: Labels, value: number) => ({ name, labels, value, isCounter: false });
  return [
    gauge('up', TARGET, 1),
    gauge('scrape_duration_seconds', TARGET, 0.012),
    gauge('scrape_samples_scraped', TARGET, samples),
    NODE_INFO,
    ...(isAlerting ? [gauge('ALERTS', ALERT, 1)] : []),
  ];
}

/** Another instance: the exporter itself has some of these series, with other values. */
const READS_TARGET: Labels = { instance: 'reads-@:9894' };

/** Further tokens, with a name of their own, so that their series differ from those of the exporter. */
function readTokenAt(index: number, namespaces: number): Labels {
  return {
    node: 'node-@',
    namespace: `team-${index % namespaces}`,
    pod: `read-${index}-@`,
    pod_uid: `read-${index}-@`,
    serviceaccount: `read-${index}`,
    volume: 'vault-token',
    path: 'vault-token',
  };
}

/** Tokens that were not read again, and as many that were never seen to be read. */
function readsSeries({ perToken, failing, namespaces, at }: NodeOptions): readonly TemplateSeries[] {
  const habits = ['not_reread', 'unread'] as const;
  const tokens = perToken === 'none' ? [] : indices(failing);
  const series = [
    ...pulseSeries({ node: 'node-@' }, failing, at),
    ...tokens.flatMap((index) =>
      habits.flatMap((habit) => habitSeries({ ...readTokenAt(index, namespaces), volume: habit }, habit, at)),
    ),
  ];
  return series.map((one) => ({
    ...one,
    labels: { ...TARGET, ...READS_TARGET, ...one.labels },
    isCounter: false,
  }));
}

export async function nodeSeries(options: NodeOptions): Promise<readonly TemplateSeries[]> {
  const list = createListFamilies({ node: 'node-@', perToken: options.perToken, isRelativeShown: true });
  const families = [...list(snapshotOf(options)), ...(await exporterMetrics(options.at).families())];
  const own = families.flatMap(({ metric, samples }) =>
    [...samples].map(({ labels, value, suffix = '' }) => ({
      name: metric.name + suffix,
      labels: { ...TARGET, ...parseLabels(labels) },
      value,
      isCounter: metric.type !== 'gauge',
    })),
  );
  return [...own, ...readsSeries(options), ...foreignSeries(own.length, options.failing > 0)];
}
