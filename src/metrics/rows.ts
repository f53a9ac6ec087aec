/**
 * The rows of all metrics, in the order in which they are exported. Documents, alerts and dashboards are tested
 * against this list.
 */
import { EXPORTER_METRICS } from './exporter-rows.ts';
import type { Metric } from './metric.ts';
import { NODE_METRICS } from './node-rows.ts';
import { TOKEN_METRICS } from './token-rows.ts';

export const METRICS: readonly Metric[] = [...TOKEN_METRICS, ...NODE_METRICS, ...EXPORTER_METRICS];
