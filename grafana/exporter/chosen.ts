/**
 * Exporter health: the selection of its variables, and queries over all exporters.
 */
import { COLORS, DASHED, type Look } from '../parts/colors.ts';
import type { Query } from '../parts/panel.ts';
import { IN_CLUSTER, ON_NODES, onNodes } from '../parts/promql.ts';

export const TARGETS = `${IN_CLUSTER}, job=~"$job"`;
export const NODES = `${ON_NODES}, job=~"$job"`;

/** Without the node label, which takes Prometheus long to add over a range. */
export function fromExporters(metric: string): string {
  return onNodes(`${metric}{${TARGETS}}`, NODES);
}

/** In cores. */
export const CPU = `rate(process_cpu_seconds_total{${TARGETS}}[$__rate_interval])`;

/** The maximum and the median over all exporters. */
export function spread(expr: string): readonly Query[] {
  return [
    { expr: `max(${expr})`, legend: 'maximum' },
    { expr: `quantile(0.5, ${expr})`, legend: 'median' },
  ];
}

export const SPREAD_LOOKS: readonly Look[] = [
  { name: 'maximum', color: COLORS.critical },
  { name: 'median', color: COLORS.plain, dash: DASHED },
];

/** For graphs that take Prometheus long, of joined metrics or of a dozen counters of each exporter: six hours in steps of twenty minutes. Rates cover the whole step. */
export const FEW_POINTS = 18;
