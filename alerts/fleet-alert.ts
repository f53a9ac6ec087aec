/**
 * The alert on a cluster in which many nodes do not rotate tokens. It inhibits those on nodes, workloads and tokens.
 *
 * It exists at three severities. Info fires at once, before any alert that it inhibits, and has no receiver.
 */
import { NODE_CAUSES } from '../src/core/causes/overdue-cause.ts';
import { LATE_REASONS } from '../src/core/problems/late-reasons.ts';
import { knob } from './knobs.ts';
import {
  type Alert,
  BY,
  bridged,
  confirmed,
  EXPORTERS,
  HELD,
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
const STALLED = confirmed(stalled(bridged(OF_NODE)), stalled(previous(OF_NODE)));
const STALLED_NODES = 'node:satoken_rotation:stalled';
const RECENTLY = `[${knob('recovery')}]`;
const LATE_TOKENS = `${HELD}{reason=~"${LATE_REASONS.join('|')}",path!~"subPath://.*"}`;

/**
 * A node that no longer rotates tokens, and one that does again while tokens on it are still late: their alerts are
 * inhibited until then. One that was stalled in a single evaluation raised no alert.
 */
export const NODE_STALLED = lines(
  STALLED_NODES,
  `or last_over_time(${STALLED_NODES}${RECENTLY})`,
  `and on (${BY.node}) count_over_time(${STALLED_NODES}${RECENTLY}) > 1`,
  `and on (${BY.node}) ${LATE_TOKENS}`,
);

const CANARY = 'satoken_canary_healthy';
function canaryLate(canary: string): string {
  return `max by (${BY.node}) (${canary}) == 0`;
}
export const CANARY_LATE = confirmed(canaryLate(bridged(CANARY)), canaryLate(previous(CANARY)));

type CanaryTime = 'refresh_due' | 'issued';
/** The seconds since a time in the life of each canary, when it was scraped: the scrape interval makes no difference. */
function sinceCanary(time: CanaryTime): string {
  const metric = `satoken_canary_${time}_timestamp_seconds`;
  return `label_replace(max by (${BY.node}) (timestamp(${metric}) - ${metric}), "since", "${time}", "", "")`;
}

/** Seconds since both times, in one recording: the first small group has no room for another. */
const CANARY_SECONDS = 'node:satoken_canary:seconds';
function canarySeconds(time: CanaryTime): string {
  return `${CANARY_SECONDS}{since="${time}"}`;
}
/** Nodes whose canary should have been rotated for a while. */
const CANARY_DUE = canarySeconds('refresh_due');
const CANARY_AGE = canarySeconds('issued');
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
const SUSPECT_NODES = `${AWAY_NODES} or on (${BY.node}) ${CANARY_DUE}`;

/** Clusters with many late nodes, or with enough signs of that. */
const MANY_NODES = 'cluster:satoken_rotation:many';

const LIMIT = `clamp_min(${knob('fleetShare')} * ${EXPORTERS}, ${knob('fleetNodes')})`;

function countOf(nodes: string): string {
  return `count by (${BY.cluster}) (${nodes})`;
}
/** More than the limit, or all of several. */
function many(nodes: string, limit: string): string {
  return `${countOf(nodes)} > on (${BY.cluster}) ${limit}`;
}
function all(nodes: string): string {
  return `${countOf(nodes)} == on (${BY.cluster}) (${EXPORTERS} > 1)`;
}
/**
 * At least one node is late. In a healthy cluster, many may be suspect at a time: canaries that were created together are
 * due together, and one resource of the API server may fail on all nodes.
 */
const ANY_LATE = `and on (${BY.cluster}) ${LATE_NODES}`;

const MANY_AWAY = lines('(', `  ${many(AWAY_NODES, LIMIT)}`, `  or ${all(AWAY_NODES)}`, ')', ANY_LATE);
/** If the cluster issues tokens, most of the nodes that are due get them. */
function suspects(expr: string): string {
  const fresh = `(${countOf(FRESH)} or 0 * ${EXPORTERS})`;
  return lines(expr, ANY_LATE, `and on (${BY.cluster}) ${many(SUSPECT_NODES, fresh)}`);
}
/** Some healthy nodes are suspect, so more are needed. */
const MANY_SUSPECT = suspects(many(SUSPECT_NODES, `${knob('fleetSuspects')} * ${LIMIT}`));
const ALL_SUSPECT = suspects(all(SUSPECT_NODES));

const LATE_BEFORE = `${LATE_NODES} offset ${knob('fleetNew')}`;
function ofCanary(by: string, time: string): string {
  return `max by (${by}) (satoken_canary_${time}_timestamp_seconds)`;
}
/** No canary of the cluster was issued after a healthy kubelet would have got the one of this node. */
const NONE_SINCE = `${ofCanary(BY.node, 'refresh_due')} + ${knob('canaryFresh')} >= on (${BY.cluster}) group_left () ${ofCanary(BY.cluster, 'issued')}`;
/** New late nodes that may be the first of many: nothing shows yet that the cluster issues tokens to others. */
const FIRST_NODES = lines(
  `${LATE_NODES} unless on (${BY.node}) ${LATE_BEFORE}`,
  `and on (${BY.node}) (${NONE_SINCE})`,
  `and on (${BY.cluster}) (count by (${BY.cluster}) (${CANARY_AGE}) > on (${BY.cluster}) ${knob('fleetCanaries')} * ${EXPORTERS})`,
);
const FIRST = 'node:satoken_rotation:first';

/** The number of late nodes and of those whose canary is due for a while, if one of them may be the first of many. */
function firstAnd(due: string, others: string): string {
  return lines(
    `count by (${BY.cluster}) ((${LATE_NODES} or on (${BY.node}) ${due}) unless on (${BY.node}) ${LATE_BEFORE}) > ${others}`,
    `and on (${BY.cluster}) ${FIRST}`,
  );
}
const FIRST_OF_MANY = firstAnd(CANARY_DUE, '1');
/** Canaries of healthy nodes are not due for so long, nor so many at a time, nor several while none is refreshed. */
const SURELY_MANY = lines(
  firstAnd(`${CANARY_DUE} > ${knob('canaryFresh')}`, '1'),
  'or',
  firstAnd(CANARY_DUE, knob('fleetNodes')),
  'or',
  lines(firstAnd(CANARY_DUE, '2'), `unless on (${BY.cluster}) (${FRESH})`),
);

/**
 * While the last nodes recover, they are not many, and others have got tokens. What still follows from the outage ends
 * later; a node that is late then is broken.
 */
const RECOVERING = lines(
  `last_over_time(${MANY_NODES}${RECENTLY})`,
  `or last_over_time(${MANY_NODES}[${knob('fleetRecovery')}]) unless on (${BY.cluster}) ${LATE_NODES}`,
);

export const FLEET_RECORDINGS: readonly Recording[] = [
  { record: STALLED_NODES, expr: STALLED },
  { record: LATE_NODES, expr: lines(CANARY_LATE, `or ${STALLED_NODES}`) },
  {
    record: CANARY_SECONDS,
    expr: lines(`${sinceCanary('refresh_due')} > ${knob('canaryDue')}`, 'or', sinceCanary('issued')),
  },
  { record: AWAY_NODES, expr: lines(LATE_NODES, `or max by (${BY.node}) (${AWAY})`) },
  { record: FIRST, expr: FIRST_NODES },
  { record: MANY_NODES, expr: lines(MANY_AWAY, 'or', MANY_SUSPECT, 'or', SURELY_MANY) },
];

const fleet = {
  name: 'SATokenRotationStalledFleet',
  dashboard: 'fleet',
  summary: 'Many nodes of a cluster no longer rotate service account tokens.',
  description:
    '{{ $value }} nodes do not rotate tokens, or do not reach the API server: tokens expire soon on all of them. Check first: kubectl get --raw /readyz, then whether the API server issues tokens (kubectl create token default), and its webhooks.',
} as const;

const notifies = { ...fleet, keepFiringFor: knob('fleetRecovery') } as const;

export const FLEET_ALERTS: readonly Alert[] = [
  // It has no `keep_firing_for`: it would inhibit the alert on a node that stays late without one that notifies.
  {
    ...fleet,
    severity: 'info',
    for: knob('atOnce'),
    expr: lines(MANY_NODES, 'or', ALL_SUSPECT, 'or', FIRST_OF_MANY, 'or', RECOVERING),
  },
  { ...notifies, severity: 'warning', for: knob('fleetLate'), expr: MANY_AWAY },
  { ...notifies, severity: 'critical', for: knob('failing'), expr: MANY_AWAY },
];
