/**
 * The files that Prometheus, its operator and Alertmanager read, as text made from the tables.
 *
 * Knows their formats, nothing of what a rule is about.
 */
import { Document, isMap, isSeq, stringify } from 'yaml';
import { runbookUrl } from '../src/core/runbook.ts';
import { dashboardUrl } from './dashboard-url.ts';
import { GROUPS } from './groups.ts';
import { INHIBITIONS } from './inhibitions.ts';
import { knob } from './knobs.ts';
import type { Alert, Group } from './rule.ts';

const NOTE = 'Made by `npm run generate` from the tables in alerts/: change those, not this file.';
/** Lines end where we end them. */
const STYLE = { lineWidth: 0, blockQuote: 'literal' } as const;

function alertRule(alert: Alert) {
  const { name, severity, keepFiringFor, expr, summary, description, dashboard } = alert;
  return {
    alert: name,
    expr,
    for: alert.for,
    ...(keepFiringFor === undefined ? {} : { keep_firing_for: keepFiringFor }),
    labels: { severity },
    annotations: {
      summary,
      description,
      runbook_url: runbookUrl(knob('runbooks'), name),
      dashboard_url: dashboardUrl(dashboard),
    },
  };
}

function groups() {
  return GROUPS.map(({ name, recordings, alerts }: Group) => ({
    name,
    rules: [...recordings, ...alerts.map(alertRule)],
  }));
}

function noted(contents: unknown, ...more: readonly string[]): string {
  return `${[NOTE, ...more].map((line) => `# ${line}`).join('\n')}\n${stringify(contents, STYLE)}`;
}

/** For `rule_files` of Prometheus. */
export function rulesFile(): string {
  return noted({ groups: groups() });
}

/** For the Prometheus Operator. */
export function prometheusRule(): string {
  const resource = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'sa-token-exporter', labels: { 'app.kubernetes.io/name': 'sa-token-exporter' } },
    spec: { groups: groups() },
  };
  return noted(resource, 'Give it the labels that ruleSelector of your Prometheus asks for.');
}

const ROUTE = {
  receiver: 'tickets',
  // However many tokens, nodes or accounts: one message for each kind of trouble.
  group_by: ['alertname', knob('cluster')],
  group_wait: '30s',
  group_interval: '5m',
  repeat_interval: '12h',
  routes: [{ matchers: ['severity = "critical"'], receiver: 'pages' }],
} as const;

const RECEIVERS = ['pages', 'tickets'].map((name) => ({
  name,
  webhook_configs: [{ url: `http://localhost:9095/${name}` }],
}));

/** An example for Alertmanager: who is told, and what is not told because something else is. */
export function alertmanagerFile(): string {
  const inhibit_rules = INHIBITIONS.map(({ source, target, equal }) => ({
    source_matchers: source,
    target_matchers: target,
    equal,
  }));
  const document = new Document({ route: ROUTE, receivers: RECEIVERS, inhibit_rules });
  document.commentBefore = ` ${NOTE}\n An example: receivers are to be replaced by your own, the rest can be taken as it is.`;
  const list = document.get('inhibit_rules');
  if (!isSeq(list)) throw new Error('inhibit_rules is no list');
  for (const [index, item] of list.items.entries())
    if (isMap(item)) item.commentBefore = ` ${INHIBITIONS[index]?.because}`;
  return document.toString(STYLE);
}
