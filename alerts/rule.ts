/**
 * Types of the rules, and the PromQL and templates that several of them share.
 */
import type { Reason } from '../src/core/checks/index.ts';
import { TOKEN_LABELS } from '../src/metrics/labels.ts';
import type { DashboardName } from './dashboard-url.ts';
import { knob, type Severity } from './knobs.ts';

/** An alert at one severity. One problem can have two of the same name, at different severities. */
export interface Alert {
  /** Also the name of its runbook. Public contract: retire it, never rename it. */
  readonly name: string;
  readonly severity: Severity;
  /** How long the expression must be true before the alert fires. */
  readonly for: string;
  /** How long the alert keeps firing after that. */
  readonly keepFiringFor?: string;
  readonly expr: string;
  /** The same for every instance of the alert. */
  readonly summary: string;
  /** A template: the object, the problem, and what to check first. */
  readonly description: string;
  /** Shows the metrics that the alert is based on, for the object in its labels. */
  readonly dashboard: DashboardName;
}

export interface Recording {
  readonly record: string;
  readonly expr: string;
}

export interface Group {
  readonly name: string;
  readonly recordings: readonly Recording[];
  readonly alerts: readonly Alert[];
}

/** Joins the parts of an expression with line breaks. */
export function lines(...parts: readonly string[]): string {
  return parts.join('\n');
}

function listed(...labels: readonly string[]): string {
  return labels.join(', ');
}

const cluster = knob('cluster');

/** Labels that identify an object, for `by` and `on`; never those of the exporter's pod. */
export const BY = {
  token: listed(cluster, ...TOKEN_LABELS),
  workload: listed(cluster, 'namespace', 'serviceaccount', 'volume'),
  account: listed(cluster, 'namespace', 'serviceaccount'),
  node: listed(cluster, 'node'),
  target: listed(cluster, 'job', 'instance'),
  daemonSet: listed(cluster, 'namespace', 'daemonset'),
  cluster,
} as const;

/** Every node has these series in every scrape. */
export const SCRAPED = 'satoken_tokens{kind="projected"}';

/**
 * The current sample; if the scrape of its node failed, the last one within `bridge`, so that a failed scrape does not
 * reset an alert. A series that ends while its node is scraped ends at once.
 */
export function bridged(selector: string): string {
  const last = `last_over_time(${selector}[${knob('bridge')}])`;
  return `${selector} or ${last} unless on (${BY.node}) ${SCRAPED}`;
}

/** Nodes with an exporter that is scraped. */
export const SEEN = `max by (${BY.node}) (${bridged(SCRAPED)})`;

/** Nodes whose last sample is old because they are scraped rarely, not because a scrape is late or failed. */
export const RARELY_SCRAPED = 'node:satoken_scrape:old';

export const SCRAPE_RECORDING: Recording = {
  record: RARELY_SCRAPED,
  expr: lines(
    SEEN,
    `unless on (${BY.node}) time() - timestamp(${SCRAPED}) < ${knob('sampleAge')}`,
    `unless on (${BY.node}) count_over_time(${SCRAPED}[${knob('bridge')}]) > ${knob('samples')}`,
  ),
};

/**
 * Leaves out what only a single sample shows if it is as old as alerts wait: with rare scrapes, several evaluations see the
 * same sample.
 */
export function confirmed(expr: string, before: string): string {
  return `${expr} unless on (${BY.node}) (${RARELY_SCRAPED} unless on (${BY.node}) ${before})`;
}

/** The sample before the last one. */
export function previous(selector: string): string {
  return `(last_over_time(${selector}[${knob('bridge')}]) - idelta(${selector}[${knob('bridge')}]))`;
}

/** One series for each token and check that fails, and for each node the number of tokens without series. */
export const HELD = 'token:satoken_problem:held';

export function held(reason: Reason): string {
  return `${HELD}{reason="${reason}"}`;
}

/** The same for checks that fail as critical. */
export const HELD_CRITICAL = 'token:satoken_problem:held_critical';

export function heldCritical(reason: Reason): string {
  return `${HELD_CRITICAL}{reason="${reason}"}`;
}

/** Late tokens that were late at the evaluation before, too, and perhaps less so: alerts on them need not wait again. */
export function lateBefore(matchers: string): string {
  return `${HELD}{${matchers}} offset ${knob('due')}`;
}

/** The same for checks that fail as info. */
export const HELD_INFO = 'token:satoken_problem:held_info';

export function heldInfo(reason: Reason): string {
  return `${HELD_INFO}{reason="${reason}"}`;
}

/** Number of nodes with an exporter that is scraped. */
export const EXPORTERS = 'cluster:satoken_exporters:count';
/** Nodes with a late canary, or with tokens that are overdue for a cause on the node. */
export const LATE_NODES = 'node:satoken_rotation:late';

/** Names the token; the number of tokens if the node has no series of tokens. */
export const TOKEN =
  '{{ if $labels.pod_uid }}Token {{ $labels.path }} in volume {{ $labels.volume }} of pod {{ $labels.namespace }}/{{ or $labels.pod $labels.pod_uid }} on node {{ $labels.node }}{{ else }}Tokens on node {{ $labels.node }} ({{ $value }}){{ end }}';

/** Names the account and the number of its tokens; only the number if nodes have no series of tokens. */
export const ACCOUNT =
  '{{ if $labels.serviceaccount }}Service account {{ $labels.namespace }}/{{ $labels.serviceaccount }}{{ else }}At least one service account{{ end }} (tokens: {{ $value }})';
export const WORKLOAD = `${ACCOUNT}{{ with $labels.volume }}, volume {{ . }}{{ end }}`;

export const IN_NAMESPACE = '{{ with $labels.namespace }}, namespace {{ . }}{{ end }}';

/** Names the node without an exporter, or the DaemonSet with pods that are not ready. */
export const MISSING_EXPORTER =
  '{{ if $labels.node }}Node {{ $labels.node }} is ready and has no exporter.{{ else }}DaemonSet {{ $labels.namespace }}/{{ $labels.daemonset }}: pods are not ready ({{ $value }}), so the tokens of their nodes are not monitored.{{ end }}';

/** Names the controller of pods that do not exist. */
export const CONTROLLER = '{{ or $labels.replicaset $labels.statefulset $labels.daemonset }}';

/** Queries that templates of descriptions run. */
export const CAUSES_QUERY = `max by (cause) (satoken_overdue_cause{${cluster}=%q,node=%q}) > 0`;
export const VIEW_QUERY = `min by (check) (satoken_self_view{${cluster}=%q,node=%q}) == 0`;
export const BLIND_QUERY = `max by (resource, reason) (satoken_cluster_failure{${cluster}=%q,node=%q})`;

/** Template of a sentence that lists the results of a query for the cluster and node of the alert; empty without results. */
export function listResults(query: string, before: string, label: string, each: string): string {
  const found = `query (printf ${JSON.stringify(query)} $labels.${cluster} $labels.node) | sortByLabel "${label}"`;
  return `{{ with ${found} }} ${before}{{ range $index, $found := . }}{{ if $index }},{{ end }} ${each}{{ end }}.{{ end }}`;
}

/** Lists why tokens of the node are overdue. */
export const CAUSES_OF_NODE = listResults(
  CAUSES_QUERY,
  'Causes of all overdue tokens on the node:',
  'cause',
  '{{ .Labels.cause }}',
);
