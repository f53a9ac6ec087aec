/**
 * Every metric the exporter has, as rows: documents, alerts and dashboards are held against this list.
 */
import { CLUSTER_METRICS } from './cluster-rows.ts';
import { EXPORTER_METRICS } from './exporter-rows.ts';
import type { Metric } from './metric.ts';
import { NODE_METRICS } from './node-rows.ts';
import { TOKEN_METRICS } from './token-rows.ts';

export const METRICS: readonly Metric[] = [
  ...TOKEN_METRICS,
  ...NODE_METRICS,
  ...CLUSTER_METRICS,
  ...EXPORTER_METRICS,
];
