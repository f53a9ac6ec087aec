/**
 * The alert on a cluster in which many nodes do not rotate tokens. It inhibits those on nodes, workloads and tokens.
 *
 * It exists at three severities. Info fires at once, before any alert that it inhibits, and has no receiver.
 */
import { NODE_CAUSES } from '../src/core/causes/overdue-cause.ts';
import { knob } from './knobs.ts';
import { type Alert, BY, bridged, EXPORTERS, LATE_NODES, lines, type Recording } from './rule.ts';

/** Number of tokens that are overdue for a cause on the node. It does not change when the cause does. */
export const STALLED = `sum by (${BY.node}) (max by (${BY.node}, cause) (${bridged(`satoken_overdue_cause{cause=~"${NODE_CAUSES.join('|')}"}`)})) > 0`;
export const CANARY_LATE = `max by (${BY.node}) (${bridged('satoken_canary_healthy')}) == 0`;

/** By the time of the sample, so that the scrape interval makes no difference. */
const CANARY_DUE = `max by (${BY.node}) (timestamp(satoken_canary_refresh_due_timestamp_seconds) - satoken_canary_refresh_due_timestamp_seconds) > ${knob('canaryDue')}`;
const AWAY = bridged('satoken_cluster_failure{reason=~"unreachable|timeout|server_error"}');

/** The same, and nodes that do not reach the API server. */
const AWAY_NODES = 'node:satoken_rotation:away';
/** The same, and nodes whose canary is not late yet, but later than those of most healthy nodes. */
const SUSPECT_NODES = 'node:satoken_rotation:suspect';

export const FLEET_RECORDINGS: readonly Recording[] = [
  { record: LATE_NODES, expr: lines(CANARY_LATE, `or ${STALLED}`) },
  { record: AWAY_NODES, expr: lines(LATE_NODES, `or max by (${BY.node}) (${AWAY})`) },
  { record: SUSPECT_NODES, expr: lines(AWAY_NODES, `or ${CANARY_DUE}`) },
];

const LIMIT = `clamp_min(${knob('fleetShare')} * ${EXPORTERS}, ${knob('fleetNodes')})`;

/**
 * There are many of the nodes, or all of several, and at least one is late. In a healthy cluster, many may be suspect at a
 * time: canaries that were created together are due together, and one resource of the API server may fail on all nodes.
 */
function manyNodes(nodes: string, limit: string): string {
  const count = `count by (${BY.cluster}) (${nodes})`;
  return lines(
    '(',
    `  ${count} > on (${BY.cluster}) ${limit}`,
    `  or ${count} == on (${BY.cluster}) (${EXPORTERS} > 1)`,
    ')',
    `and on (${BY.cluster}) ${LATE_NODES}`,
  );
}

const MANY_AWAY = manyNodes(AWAY_NODES, LIMIT);
/** Some healthy nodes are suspect, so more are needed. */
const MANY_SUSPECT = lines(MANY_AWAY, 'or', manyNodes(SUSPECT_NODES, `${knob('fleetSuspects')} * ${LIMIT}`));

const fleet = {
  name: 'SATokenRotationStalledFleet',
  dashboard: 'fleet',
  summary: 'Many nodes of a cluster no longer rotate service account tokens.',
  description:
    '{{ $value }} nodes do not rotate tokens, or do not reach the API server: tokens expire soon on all of them. Check first: kubectl get --raw /readyz, then whether the API server issues tokens (kubectl create token default), and its webhooks.',
} as const;

const notifies = { ...fleet, keepFiringFor: knob('fleetRecovery') } as const;

export const FLEET_ALERTS: readonly Alert[] = [
  // It does not outlast its condition: it would inhibit alerts without one that notifies.
  { ...fleet, severity: 'info', for: knob('atOnce'), expr: MANY_SUSPECT },
  { ...notifies, severity: 'warning', for: knob('fleetLate'), expr: MANY_AWAY },
  { ...notifies, severity: 'critical', for: knob('failing'), expr: MANY_AWAY },
];
