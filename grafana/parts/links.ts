/**
 * Links of table cells by label: the same label links to the same place in every table.
 */
import { UIDS } from '../../alerts/dashboard-url.ts';
import { knob } from '../../alerts/knobs.ts';
import { runbookUrl } from '../../src/core/runbook.ts';

export interface Link {
  readonly title: string;
  readonly url: string;
}

/** The selection that the linked dashboard keeps. */
const KEPT = ['${datasource:queryparam}', '${__url_time_range}'];

/** A label with the value of the variable `cluster` that selects the row: nodes of several clusters share names. */
export const CHOSEN_CLUSTER = 'chosen_cluster';

/** Adds the cluster to select. Of series without a cluster it is all. Grafana leaves `$$__all` as it is, and Prometheus takes `$$` as `$`. */
export function withChosenCluster(rows: string): string {
  const all = `label_replace(${rows},\n"${CHOSEN_CLUSTER}", "$$__all", "", "")`;
  return `label_replace(${all},\n"${CHOSEN_CLUSTER}", "$1", "cluster", "(.+)")`;
}

function dashboard(title: string, uid: string, labels: readonly string[]): Link {
  const fields = { cluster: CHOSEN_CLUSTER, ...Object.fromEntries(labels.map((label) => [label, label])) };
  const selected = Object.entries(fields).map(([name, field]) => `var-${name}=\${__data.fields.${field}}`);
  return { title, url: `/d/${uid}?${[...selected, ...KEPT].join('&')}` };
}

function runbook(alert: string): Link {
  return { title: 'Runbook', url: runbookUrl(knob('runbooks'), alert) };
}

/** Whether the link leads to a dashboard. */
export function isToDashboard({ url }: Link): boolean {
  return url.startsWith('/d/');
}

export const LINKS: Readonly<Record<string, Link>> = {
  node: dashboard('Node', UIDS.node, ['node']),
  namespace: dashboard('Namespace', UIDS.workload, ['namespace']),
  serviceaccount: dashboard('Service account', UIDS.workload, ['namespace', 'serviceaccount']),
  pod: dashboard('Pod', UIDS.workload, ['namespace', 'pod']),
  alertname: runbook('${__value.raw}'),
  /** The value is a reason, which is displayed as the name of its alert. */
  runbook: runbook('${__value.text}'),
};
