/**
 * All dashboards, and how they are printed. A new one is a file beside this one and a row here.
 */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { exporter } from './exporter/exporter.ts';
import { fleet } from './fleet/fleet.ts';
import { node } from './node/node.ts';
import { workload } from './workload/workload.ts';

export const DASHBOARDS: readonly Dashboard[] = [fleet, node, workload, exporter];

/** One value a line, so that a change is seen for what it is. */
export function print(dashboard: Dashboard): string {
  return `${JSON.stringify(dashboard, undefined, 2)}\n`;
}
