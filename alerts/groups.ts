/**
 * All rules, in the groups that Prometheus evaluates them in. A recording comes before what is made of it.
 */
import { API_SERVER_GROUP } from './api-server-alerts.ts';
import { EXPORTER_GROUP } from './exporter-alerts.ts';
import type { Alert, Group } from './rule.ts';
import { TOKEN_GROUP } from './token-alerts.ts';

export const GROUPS: readonly Group[] = [TOKEN_GROUP, EXPORTER_GROUP, API_SERVER_GROUP];

/** Every row; an alert with two bands is there twice. */
export const ALERTS: readonly Alert[] = GROUPS.flatMap(({ alerts }) => alerts);
