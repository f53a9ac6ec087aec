/**
 * The alert on a cluster in which many nodes do not rotate tokens. It inhibits those on nodes, workloads and tokens.
 *
 * It exists at three severities. Info fires at once, before any alert that it inhibits, and has no receiver.
 */
import { NODE_CAUSES } from '../src/core/causes/overdue-cause.ts';
import { knob } from './knobs.ts';
import {
  type Alert,
  BY,
  bridged,
  confirmed,
  EXPORTERS,
  LATE_NODES,
  lines,
  previous,
  type Recording,
} from './rule.ts';

/** Number of tokens that are overdue for a cause on the node. It does not change when the cause does. */
const OF_NODE = `satoken_overdue_cause{cause=~"${NODE_CAUSES.join('|')}"}`;
function stalled(causes: string): string {
  return `sum by (${BY.node}) (max by (${BY.node}, cause) (${causes})) > 0`;
}
export const STALLED = confirmed(stalled(bridged(OF_NODE)), stalled(previous(OF_NODE)));

const CANARY = 'satoken_canary_healthy';
function canaryLate(canary: string): string {
  return `max by (${BY.node}) (${canary}) == 0`;
}
export const CANARY_LATE = confirmed(canaryLate(bridged(CANARY)), canaryLate(previous(CANARY)));

/** The seconds since a time in the life of each canary, when it was scraped: the scrape interval makes no difference. */
function sinceCanary(time: string): string {
  const metric = `satoken_canary_${time}_timestamp_seconds`;
  return `max by (${BY.node}) (timestamp(${metric}) - ${metric})`;
}

/** Nodes whose canary should have been rotated for a while. */
const CANARY_DUE = 'node:satoken_canary:due';
const CANARY_AGE = 'node:satoken_canary:age';
/** Nodes that show that the cluster issues tokens. */
const FRESH = `${CANARY_AGE} < ${knob('canaryFresh')}`;
const FAILURES = bridged('satoken_cluster_failure{reason=~"unreachable|timeout|server_error"}');
const BY_RESOURCE = `${BY.node}, resource`;
/** The exporter lacks them for long, and the kubelet was issued a canary meanwhile: the API server is there for it. */
const OF_EXPORTER = `max by (${BY_RESOURCE}) (max_over_time(satoken_cluster_up[${knob('fleetBlind')}])) == 0 and on (${BY.node}) ${CANARY_AGE} < ${knob('canaryIssued')}`;
const AWAY = `(${FAILURES}) unless on (${BY_RESOURCE}) (${OF_EXPORTER})`;

/** The same, and nodes that do not reach the API server. */
const AWAY_NODES = 'node:satoken_rotation:away';
/** The same, and nodes whose canary is not late yet, but later than those of most healthy nodes. */
const SUSPECT_NODES = 'node:satoken_rotation:suspect';

export const FLEET_RECORDINGS: readonly Recording[] = [
  { record: LATE_NODES, expr: lines(CANARY_LATE, `or ${STALLED}`) },
  { record: CANARY_DUE, expr: `${sinceCanary('refresh_due')} > ${knob('canaryDue')}` },
  { record: CANARY_AGE, expr: sinceCanary('issued') },
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
/** Some healthy nodes are suspect, so more are needed. If the cluster issues tokens, most of those that are due get them. */
const MANY_SUSPECT = lines(
  manyNodes(SUSPECT_NODES, `${knob('fleetSuspects')} * ${LIMIT}`),
  `and on (${BY.cluster}) count by (${BY.cluster}) (${SUSPECT_NODES}) > on (${BY.cluster}) (count by (${BY.cluster}) (${FRESH}) or 0 * ${EXPORTERS})`,
);

const LATE_BEFORE = `${LATE_NODES} offset ${knob('fleetNew')}`;
/** In a small cluster: the first late node and the next one, while all nodes have canaries and none gets another. */
const FIRST_OF_MANY = lines(
  `count by (${BY.cluster}) ((${LATE_NODES} or ${CANARY_DUE}) unless on (${BY.node}) ${LATE_BEFORE}) > 1`,
  `and on (${BY.cluster}) (${LATE_NODES} unless on (${BY.node}) ${LATE_BEFORE})`,
  `and on (${BY.cluster}) count by (${BY.cluster}) (${CANARY_AGE}) == on (${BY.cluster}) ${EXPORTERS}`,
  `unless on (${BY.cluster}) (${FRESH})`,
);
const MAY_BE_MANY = lines(MANY_AWAY, 'or', MANY_SUSPECT, 'or', FIRST_OF_MANY);

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
  { ...fleet, severity: 'info', for: knob('atOnce'), expr: MAY_BE_MANY },
  { ...notifies, severity: 'warning', for: knob('fleetLate'), expr: MANY_AWAY },
  { ...notifies, severity: 'critical', for: knob('failing'), expr: MANY_AWAY },
];
