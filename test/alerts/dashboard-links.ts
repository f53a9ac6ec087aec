/**
 * The expected dashboard link of an alert, computed from its labels without the template.
 */
import type { Alert } from '../../alerts/rule.ts';

type Labels = Readonly<Record<string, string>>;

const VARIABLES: Readonly<Record<Alert['dashboard'], readonly string[]>> = {
  fleet: ['cluster'],
  node: ['cluster', 'node'],
  workload: ['cluster', 'namespace', 'serviceaccount', 'pod'],
  reads: ['cluster', 'node', 'namespace'],
  exporter: ['cluster', 'node'],
};

/** An alert on a count has no labels of a workload: it links to its node, or else to the fleet. */
function placeOf({ dashboard }: Alert, labels: Labels): Alert['dashboard'] {
  if (dashboard !== 'workload' || 'namespace' in labels) return dashboard;
  return 'node' in labels ? 'node' : 'fleet';
}

export function dashboardLink(alert: Alert, labels: Labels): string {
  const place = placeOf(alert, labels);
  const query = new URLSearchParams({ from: 'now-6h', to: 'now' });
  // In the order of their names. The workload has no variable for the node, which does no harm.
  const variables = alert.dashboard === 'workload' ? [...VARIABLES.workload, 'node'] : VARIABLES[place];
  for (const label of variables.toSorted())
    if (labels[label] !== undefined) query.set(`var-${label}`, labels[label]);
  return `/d/satoken-${place}?${query}`;
}
