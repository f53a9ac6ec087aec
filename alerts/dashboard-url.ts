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
  reads: 'satoken-reads',
} as const;

export type DashboardName = keyof typeof UIDS;

/** The variables of each dashboard that alerts set. They have the names of the alert's labels. */
export const VARIABLES: Readonly<Record<DashboardName, readonly string[]>> = {
  fleet: ['cluster'],
  node: ['cluster', 'node'],
  workload: ['cluster', 'namespace', 'serviceaccount', 'pod'],
  exporter: ['cluster', 'node'],
  reads: ['cluster', 'node', 'namespace'],
};

const cluster = knob('cluster');
/** The name of a label as that of a variable. */
const NAME = cluster === 'cluster' ? '$name' : `(reReplaceAll "^${cluster}$" "cluster" $name)`;

/**
 * One template for all links; the default time range of the dashboards is stated so that each variable follows with `&`.
 * Without a regular expression, which Prometheus would compile for each label of each alert, in each evaluation.
 */
function url(uid: string, variables: readonly string[]): string {
  const labels = variables.map((name) => JSON.stringify(name === 'cluster' ? cluster : name)).join(' ');
  return `${knob('grafana')}/d/${uid}?from=now-6h&to=now{{ range $name, $value := $labels }}{{ if eq $name ${labels} }}&var-{{ ${NAME} }}={{ $value | urlquery }}{{ end }}{{ end }}`;
}

/** An alert on a count has no labels of a workload: it links to its node, or else to the fleet. */
const PLACE = '{{ if $labels.namespace }}workload{{ else if $labels.node }}node{{ else }}fleet{{ end }}';

export function dashboardUrl(name: DashboardName): string {
  if (name !== 'workload') return url(UIDS[name], VARIABLES[name]);
  // The workload has no variable for the node.
  return url(`satoken-${PLACE}`, [...VARIABLES.workload, 'node']);
}
