/**
 * Where a cell of a table leads: by the label it shows, so that the same label leads to the same place everywhere.
 *
 * Knows the addresses of dashboards and runbooks, nothing of what is on them.
 */
import { UIDS } from '../../alerts/dashboard-url.ts';
import { knob } from '../../alerts/knobs.ts';
import { runbookUrl } from '../../src/core/runbook.ts';

export interface Link {
  readonly title: string;
  readonly url: string;
}

/** What was chosen here stays chosen there. */
const KEPT = ['${datasource:queryparam}', '${cluster:queryparam}', '${__url_time_range}'];

function dashboard(title: string, uid: string, labels: readonly string[]): Link {
  const chosen = labels.map((label) => `var-${label}=\${__data.fields.${label}}`);
  return { title, url: `/d/${uid}?${[...chosen, ...KEPT].join('&')}` };
}

function runbook(alert: string): Link {
  return { title: 'Runbook', url: runbookUrl(knob('runbooks'), alert) };
}

export const LINKS: Readonly<Record<string, Link>> = {
  node: dashboard('Node', UIDS.node, ['node']),
  namespace: dashboard('Namespace', UIDS.workload, ['namespace']),
  serviceaccount: dashboard('Service account', UIDS.workload, ['namespace', 'serviceaccount']),
  pod: dashboard('Pod', UIDS.workload, ['namespace', 'pod']),
  alertname: runbook('${__value.raw}'),
  /** Holds a reason, which is shown as the name of its alert. */
  runbook: runbook('${__value.text}'),
};
