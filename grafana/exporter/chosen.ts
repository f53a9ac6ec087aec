/**
 * Exporter health: what its variables choose, and how to ask for all agents at once.
 */
import { looksOf } from '../parts/colors.ts';
import type { Query } from '../parts/panel.ts';
import { IN_CLUSTER, ON_NODES, withNode } from '../parts/promql.ts';

export const TARGETS = `${IN_CLUSTER}, job=~"$job"`;
export const NODES = `${ON_NODES}, job=~"$job"`;

export function ofAgents(metric: string): string {
  return withNode(`${metric}{${TARGETS}}`, NODES);
}

/** Cores. */
export const USED_CPU = withNode(`rate(process_cpu_seconds_total{${TARGETS}}[$__rate_interval])`, NODES);

/** The agent that has most of it, and the one in the middle. */
export function spread(expr: string): readonly Query[] {
  return [
    { expr: `max(${expr})`, legend: 'most' },
    { expr: `quantile(0.5, ${expr})`, legend: 'median' },
  ];
}

export const SPREAD_LOOKS = looksOf(['most', 'median']);
