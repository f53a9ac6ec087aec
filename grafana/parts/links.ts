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
const KEPT = ['${datasource:queryparam}', '${cluster:queryparam}', '${__url_time_range}'];

function dashboard(title: string, uid: string, labels: readonly string[]): Link {
  const selected = labels.map((label) => `var-${label}=\${__data.fields.${label}}`);
  return { title, url: `/d/${uid}?${[...selected, ...KEPT].join('&')}` };
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
  /** The value is a reason, which is displayed as the name of its alert. */
  runbook: runbook('${__value.text}'),
};
