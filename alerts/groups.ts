/**
 * All rules in groups. Prometheus evaluates the rules of a group in order: a recording precedes the alerts that use it.
 */
import { API_SERVER_GROUP } from './api-server-alerts.ts';
import { EXPORTER_GROUP } from './exporter-alerts.ts';
import type { Alert, Group } from './rule.ts';
import { SLO_GROUP } from './slo.ts';
import { TOKEN_GROUP } from './token-alerts.ts';
import { WORKLOAD_GROUP } from './workload-group.ts';

export const GROUPS: readonly Group[] = [
  TOKEN_GROUP,
  EXPORTER_GROUP,
  API_SERVER_GROUP,
  WORKLOAD_GROUP,
  SLO_GROUP,
];

/** All rows; an alert with two severities has two. */
export const ALERTS: readonly Alert[] = GROUPS.flatMap(({ alerts }) => alerts);
