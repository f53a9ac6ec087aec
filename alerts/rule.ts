/**
 * What a rule is, and the PromQL and words that many of them share.
 *
 * Knows no rule in particular.
 */
import type { Reason } from '../src/core/checks/index.ts';
import { TOKEN_LABELS } from '../src/metrics/labels.ts';
import type { DashboardName } from './dashboard-url.ts';
import { knob, type Severity } from './knobs.ts';

/** A row: an alert at one severity. The same name at two severities is one trouble in two bands. */
export interface Alert {
  /** Also the name of its runbook. Public contract: retire it, never rename it. */
  readonly name: string;
  readonly severity: Severity;
  /** How long the expression must hold. */
  readonly for: string;
  /** How much longer the alert lasts than that. */
  readonly keepFiringFor?: string;
  readonly expr: string;
  /** The same words for every instance of the alert. */
  readonly summary: string;
  /** A template: which one, what of it, and what to check first. */
  readonly description: string;
  /** On which it is best looked at: the one that shows what it goes by, of what it tells apart. */
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

function listed(...labels: readonly string[]): string {
  return labels.join(', ');
}

const cluster = knob('cluster');

/** Labels of what is told apart, for `by` and `on`; those of the exporter's pod are never among them. */
export const BY = {
  token: listed(cluster, ...TOKEN_LABELS),
  pod: listed(cluster, 'namespace', 'pod'),
  workload: listed(cluster, 'namespace', 'serviceaccount', 'volume'),
  account: listed(cluster, 'namespace', 'serviceaccount'),
  node: listed(cluster, 'node'),
  cluster,
} as const;

/** A selector whose series count on for a while, so that one failed scrape changes nothing. */
export function bridged(selector: string): string {
  return `last_over_time(${selector}[${knob('bridge')}])`;
}

/** Tokens that fail a check, one series each; of a node that shows no tokens its count alone. */
export const HELD = 'token:satoken_problem:held';

export function held(reason: Reason): string {
  return `${HELD}{reason="${reason}"}`;
}

/** A condition and what else must be true, each on lines of its own. */
export function lines(...parts: readonly string[]): string {
  return parts.join('\n');
}

/** Which token; where a node shows no tokens, how many. */
export const TOKEN =
  '{{ if $labels.pod_uid }}Token {{ $labels.path }} in volume {{ $labels.volume }} of pod {{ $labels.namespace }}/{{ or $labels.pod $labels.pod_uid }} on node {{ $labels.node }}{{ else }}Tokens on node {{ $labels.node }} ({{ $value }}){{ end }}';

/** Whose tokens, and how many; where nodes show no tokens, how many. */
export const ACCOUNT =
  'Service account {{ if $labels.serviceaccount }}{{ $labels.namespace }}/{{ $labels.serviceaccount }}{{ else }}of some namespace{{ end }} (tokens: {{ $value }})';
export const WORKLOAD = `${ACCOUNT}{{ with $labels.volume }}, volume {{ . }}{{ end }}`;

/** What a template asks Prometheus itself. */
export const CAUSES_QUERY = `max by (cause) (satoken_overdue_cause{${cluster}=%q,node=%q}) > 0`;
export const VIEW_QUERY = `min by (check) (satoken_self_view{${cluster}=%q,node=%q}) == 0`;
export const BLIND_QUERY = `max by (resource, reason) (satoken_cluster_failure{${cluster}=%q,node=%q})`;

/** Asks with the cluster and the node of the alert, and lists what was found by a label; nothing where nothing was. */
export function asked(query: string, before: string, label: string, each: string): string {
  const found = `query (printf ${JSON.stringify(query)} $labels.${cluster} $labels.node) | sortByLabel "${label}"`;
  return `{{ with ${found} }} ${before}{{ range $index, $found := . }}{{ if $index }},{{ end }} ${each}{{ end }}.{{ end }}`;
}

/** Why tokens of the node are late, as far as the exporter can tell. */
export const CAUSES = asked(
  CAUSES_QUERY,
  'Causes of late tokens on the node:',
  'cause',
  '{{ .Labels.cause }}',
);
