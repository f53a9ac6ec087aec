/**
 * Every metric the exporter has, as rows: documents, alerts and dashboards are held against this list.
 */
import { CLUSTER_METRICS } from './cluster-metrics.ts';
import type { Metric } from './metric.ts';
import { NODE_METRICS } from './node-metrics.ts';
import { SELF_METRICS } from './self-metrics.ts';
import { TOKEN_METRICS } from './token-metrics.ts';

export const METRICS: readonly Metric[] = [
  ...TOKEN_METRICS,
  ...NODE_METRICS,
  ...CLUSTER_METRICS,
  ...SELF_METRICS,
];
