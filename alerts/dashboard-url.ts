/**
 * Where an alert is looked at: the address of a dashboard as a template, with the alert's labels chosen on it.
 *
 * Knows the uids and variables of the dashboards, nothing of what is on them; a test holds it to them.
 */
import { knob } from './knobs.ts';

/** Part of every address: never to be changed. */
export const UIDS = {
  fleet: 'satoken-fleet',
  node: 'satoken-node',
  workload: 'satoken-workload',
  exporter: 'satoken-exporter',
} as const;

export type DashboardName = keyof typeof UIDS;

/** What is chosen on each: labels of the alert, each called as the variable is. */
const CHOSEN: Readonly<Record<DashboardName, readonly string[]>> = {
  fleet: ['cluster'],
  node: ['cluster', 'node'],
  workload: ['cluster', 'namespace', 'serviceaccount', 'pod'],
  exporter: ['cluster', 'node'],
};

/** The dashboards' own; said so that any of the variables can come next. */
const TIME = 'from=now-6h&to=now';

/** A variable set to a label; left out where the alert has no such label, since nothing is called that. */
function variable(name: string): string {
  const label = name === 'cluster' ? knob('cluster') : name;
  return `{{ with $labels.${label} }}&var-${name}={{ . | urlquery }}{{ end }}`;
}

function address(name: DashboardName): string {
  return `${knob('grafana')}/d/${UIDS[name]}?${TIME}${CHOSEN[name].map(variable).join('')}`;
}

/** Where nodes show no tokens, an alert on a workload names none: then its node is looked at, or the fleet. */
export function dashboardUrl(name: DashboardName): string {
  if (name !== 'workload') return address(name);
  return `{{ if $labels.namespace }}${address('workload')}{{ else if $labels.node }}${address('node')}{{ else }}${address('fleet')}{{ end }}`;
}
