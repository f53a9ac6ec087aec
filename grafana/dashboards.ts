/**
 * All dashboards, and their format as files.
 */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { exporter } from './exporter/exporter.ts';
import { fleet } from './fleet/fleet.ts';
import { node } from './node/node.ts';
import { reads } from './reads/reads.ts';
import { workload } from './workload/workload.ts';

export const DASHBOARDS: readonly Dashboard[] = [fleet, node, workload, exporter, reads];

/** One value per line, so that diffs are readable. */
export function print(dashboard: Dashboard): string {
  return `${JSON.stringify(dashboard, undefined, 2)}\n`;
}
