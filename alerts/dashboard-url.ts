/**
 * The URL of an alert's dashboard as a template that sets the variables of the dashboard to the alert's labels.
 */
import { knob } from './knobs.ts';

/** Public contract: part of every URL, never changed. */
export const UIDS = {
  fleet: 'satoken-fleet',
  node: 'satoken-node',
  workload: 'satoken-workload',
  exporter: 'satoken-exporter',
} as const;

export type DashboardName = keyof typeof UIDS;

/** The variables of each dashboard. They have the names of the alert's labels. */
const VARIABLES: Readonly<Record<DashboardName, readonly string[]>> = {
  fleet: ['cluster'],
  node: ['cluster', 'node'],
  workload: ['cluster', 'namespace', 'serviceaccount', 'pod'],
  exporter: ['cluster', 'node'],
};

/** The default of the dashboards, stated so that each variable follows with `&`. */
const TIME = 'from=now-6h&to=now';

/** Sets a variable to a label; left out if the alert does not have the label. */
function variable(name: string): string {
  const label = name === 'cluster' ? knob('cluster') : name;
  return `{{ with $labels.${label} }}&var-${name}={{ . | urlquery }}{{ end }}`;
}

function url(name: DashboardName): string {
  return `${knob('grafana')}/d/${UIDS[name]}?${TIME}${VARIABLES[name].map(variable).join('')}`;
}

/** An alert on a count has no labels of a workload: it links to its node, or else to the fleet. */
export function dashboardUrl(name: DashboardName): string {
  if (name !== 'workload') return url(name);
  return `{{ if $labels.namespace }}${url('workload')}{{ else if $labels.node }}${url('node')}{{ else }}${url('fleet')}{{ end }}`;
}
