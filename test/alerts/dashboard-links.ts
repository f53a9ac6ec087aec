/**
 * Where an instance of an alert should lead: worked out from its labels, without a template.
 *
 * Knows the dashboards by what is chosen on each, and nothing of how the rules say so.
 */
import type { Alert } from '../../alerts/rule.ts';

type Labels = Readonly<Record<string, string>>;

const CHOSEN: Readonly<Record<Alert['dashboard'], readonly string[]>> = {
  fleet: ['cluster'],
  node: ['cluster', 'node'],
  workload: ['cluster', 'namespace', 'serviceaccount', 'pod'],
  exporter: ['cluster', 'node'],
};

/** An alert on a workload that names none leads to its node, or where it names no node to all of them. */
function placeOf({ dashboard }: Alert, labels: Labels): Alert['dashboard'] {
  if (dashboard !== 'workload' || 'namespace' in labels) return dashboard;
  return 'node' in labels ? 'node' : 'fleet';
}

export function dashboardLink(alert: Alert, labels: Labels): string {
  const place = placeOf(alert, labels);
  const query = new URLSearchParams({ from: 'now-6h', to: 'now' });
  for (const label of CHOSEN[place])
    if (labels[label] !== undefined) query.set(`var-${label}`, labels[label]);
  return `/d/satoken-${place}?${query}`;
}
