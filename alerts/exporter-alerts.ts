/**
 * Alerts on the exporter: whether it is running, and whether its data is current and correct.
 *
 * All of them are warnings, except for the alert that a cluster has no exporter left.
 */
import { knob, NODES_THAT_CANNOT } from './knobs.ts';
import {
  type Alert,
  BLIND_QUERY,
  BY,
  bridged,
  confirmed,
  EXPORTERS,
  type Group,
  IN_NAMESPACE,
  lines,
  listResults,
  MISSING_EXPORTER,
  previous,
  SEEN,
  VIEW_QUERY,
} from './rule.ts';

const UP = `up{job=~"${knob('job')}"}`;
const LAST_SCAN = `max by (${BY.node}) (${bridged('satoken_last_scan_timestamp_seconds')})`;

const warning = { severity: 'warning', for: knob('blind') } as const;

const MOSTLY_UP = `avg_over_time(${UP}[${knob('crashes')}])`;
const STARTED = `process_start_time_seconds{job=~"${knob('job')}"}`;
const RESTARTS = `changes(${STARTED}[${knob('errorWindow')}])`;

/** Rulers may not have `up`. */
const SCRAPED = `(${EXPORTERS} or ${UP} == 1)`;

/** A metric of kube-state-metrics for the DaemonSet of the exporter. */
function ofDaemonSet(metric: string): string {
  return `${metric}{daemonset=~"${knob('daemonset')}"}`;
}
const DESIRED = ofDaemonSet('kube_daemonset_status_desired_number_scheduled');
const READY_PODS = ofDaemonSet('kube_daemonset_status_number_ready');
const UPDATED_PODS = ofDaemonSet('kube_daemonset_status_updated_number_scheduled');
const READY_NODES = `max by (${BY.node}) (kube_node_status_condition{${knob('readyNodes')}})`;

/** Clusters that should have an exporter: they had one, have targets, or have the DaemonSet. */
const EXPECTING = lines(
  '(',
  `  count by (${BY.cluster}) (last_over_time(${EXPORTERS}[${knob('memory')}]))`,
  `  or count by (${BY.cluster}) (${UP})`,
  `  or sum by (${BY.cluster}) (${DESIRED}) > 0`,
  ')',
);

/** A node that is not ready explains one pod that is not ready; a rollout replaces pods for hours. */
const PODS_NOT_READY = lines(
  `max by (${BY.daemonSet}) (${DESIRED}) - max by (${BY.daemonSet}) (${READY_PODS})`,
  `> on (${BY.cluster}) group_left ()`,
  `(count by (${BY.cluster}) (${READY_NODES} == 0) or on (${BY.cluster}) 0 * sum by (${BY.cluster}) (${DESIRED}))`,
  `unless on (${BY.daemonSet}) changes(${UPDATED_PODS}[${knob('errorWindow')}]) > 0`,
);

/** If the DaemonSet is not known: ready nodes without an exporter, except for nodes that cannot run one. */
const NODES_WITHOUT_EXPORTER = lines(
  `${READY_NODES} == 1`,
  ...NODES_THAT_CANNOT.map((matcher) => `unless on (${BY.node}) kube_node_info{${matcher}}`),
  `unless on (${BY.node}) ${SEEN}`,
  `unless on (${BY.node}) ${UP}`,
  `unless on (${BY.cluster}) ${DESIRED}`,
);

const PRESENCE_ALERTS: readonly Alert[] = [
  {
    ...warning,
    name: 'SATokenExporterDown',
    dashboard: 'exporter',
    expr: lines(
      `${UP} == 0`,
      `or ${MOSTLY_UP} < ${knob('mostly')}`,
      `or ${UP} and on (${BY.target}) ${RESTARTS} > 1`,
    ),
    summary: 'A service account token exporter cannot be scraped, or keeps restarting.',
    description:
      'Target {{ $labels.instance }} of job {{ $labels.job }} cannot be scraped, or only now and then, so the tokens of its node are not monitored. Check first: kubectl get pods -o wide for the exporter, and the log of the pod on that node.',
  },
  {
    name: 'SATokenExporterDown',
    dashboard: 'exporter',
    severity: 'critical',
    for: knob('blind'),
    expr: lines(
      `${EXPECTING} unless on (${BY.cluster}) ${SCRAPED}`,
      `or count by (${BY.cluster}) (${UP}) unless on (${BY.cluster}) ${MOSTLY_UP} >= ${knob('mostly')}`,
      `or on () absent${SCRAPED}`,
    ),
    summary: 'No service account token exporter of a cluster can be scraped.',
    description:
      'Prometheus can scrape no exporter of the cluster, or has no target for one: its tokens are not monitored, and no other alert on them can fire. Check first: kubectl get daemonset for the exporter, then the targets page of Prometheus.',
  },
  {
    ...warning,
    name: 'SATokenExporterMissing',
    // It lists nodes without an exporter.
    dashboard: 'fleet',
    expr: lines('(', PODS_NOT_READY, ')', 'or', '(', NODES_WITHOUT_EXPORTER, ')'),
    summary: 'A node has no working service account token exporter.',
    description: `${MISSING_EXPORTER} Check first: kubectl get pods -o wide for the exporter, then the taints of a node without one against the tolerations of the DaemonSet.`,
  },
];

const SELF_VIEW = 'satoken_self_view';
function selfViewWrong(checks: string): string {
  return `min by (${BY.node}) (${checks}) == 0`;
}

const DATA_ALERTS: readonly Alert[] = [
  {
    ...warning,
    name: 'SATokenScanOld',
    dashboard: 'exporter',
    expr: lines(
      `time() - ${LAST_SCAN} > ${knob('scanAge')}`,
      'or',
      `${SEEN} unless on (${BY.node}) ${LAST_SCAN}`,
    ),
    summary: 'The exporter has not completed a scan recently.',
    description:
      "Node {{ $labels.node }}: the exporter is up, but its data on the node's tokens is old, or it has never listed the pods. Check first: its log, then --kubelet.root-dir and the hostPath mount.",
  },
  {
    ...warning,
    name: 'SATokenUnreadable',
    dashboard: 'node',
    // By namespace: the tokens of one must not hide those of another.
    expr: `max by (${BY.node}, namespace, reason) (${bridged('satoken_unreadable{reason!="limit"}')})`,
    summary: 'The exporter cannot read some tokens.',
    description: `Node {{ $labels.node }}${IN_NAMESPACE}: tokens, volumes or directories cannot be read ({{ $labels.reason }}), so the tokens in them are not monitored. Check first: which ones, by the labels of satoken_unreadable.`,
  },
  {
    ...warning,
    name: 'SATokenLimitExceeded',
    dashboard: 'node',
    expr: `max by (${BY.node}, namespace) (${bridged('satoken_unreadable{reason="limit"}')})`,
    summary: 'Pods have more tokens than the exporter lists.',
    description:
      'Node {{ $labels.node }}: pods in namespace {{ $labels.namespace }} hold more tokens, or larger ones, than the limits of the exporter allow, so it leaves some of theirs out. Tokens of other namespaces are not affected. Check first: which pods, by the labels of satoken_unreadable with the reason limit.',
  },
  {
    severity: 'warning',
    for: knob('cause'),
    name: 'SATokenSelfViewWrong',
    dashboard: 'node',
    keepFiringFor: knob('recovery'),
    expr: confirmed(selfViewWrong(bridged(SELF_VIEW)), selfViewWrong(previous(SELF_VIEW))),
    summary: 'The exporter does not see its own tokens correctly.',
    description: `Node {{ $labels.node }}: the exporter does not see the tokens of its own pod correctly, so its data on other pods cannot be trusted.${listResults(VIEW_QUERY, 'Failing:', 'check', '{{ .Labels.check }}')} Check first: mountPropagation: HostToContainer on its hostPath mount.`,
  },
];

function increasing(counter: string, label: string): string {
  const increase = `increase(${counter}[${knob('errorWindow')}])`;
  return `sum by (${BY.node}, ${label}) (${increase}) > 0`;
}

const ERROR_ALERTS: readonly Alert[] = [
  {
    ...warning,
    name: 'SATokenClusterBlind',
    dashboard: 'exporter',
    expr: `min by (${BY.node}) (${bridged('satoken_cluster_up')}) == 0`,
    summary: 'The exporter cannot read from the API server.',
    description: `Node {{ $labels.node }}: the exporter lacks some data from the API server, so checks that need it have no verdict.${listResults(BLIND_QUERY, 'Failing:', 'resource', '{{ .Labels.resource }} ({{ .Labels.reason }})')} Check first: the permissions of the exporter's service account (kubectl auth can-i); for wrong_node, the option --node-name.`,
  },
  {
    ...warning,
    name: 'SATokenWatchesDegraded',
    dashboard: 'exporter',
    expr: increasing('satoken_watch_errors_total', 'reason'),
    summary: 'The exporter detects rotations late.',
    description:
      'Node {{ $labels.node }}: directories cannot be watched ({{ $labels.reason }}), so changes are found by the next scan; none is lost. Check first: sysctl fs.inotify on the node, and which process uses up its limits.',
  },
  {
    ...warning,
    name: 'SATokenWebConfigBroken',
    dashboard: 'exporter',
    expr: `min by (${BY.node}) (${bridged('satoken_web_config_last_reload_successful')}) == 0`,
    summary: 'The web configuration of the exporter is invalid.',
    description:
      'Node {{ $labels.node }}: the exporter keeps its previous web configuration, so a new certificate or the removal of a user has no effect, and a restart may fail. Check first: its log, for "invalid web configuration".',
  },
  {
    ...warning,
    name: 'SATokenExporterErrors',
    dashboard: 'exporter',
    expr: increasing('satoken_exporter_errors_total', 'part'),
    summary: 'The exporter has unexpected internal errors.',
    description:
      'Node {{ $labels.node }}: component {{ $labels.part }} of the exporter keeps failing unexpectedly, which is a bug. Check first: its log, for "unexpected failure".',
  },
];

export const EXPORTER_GROUP: Group = {
  name: 'sa-token-exporter-exporter',
  recordings: [],
  alerts: [...PRESENCE_ALERTS, ...DATA_ALERTS, ...ERROR_ALERTS],
};
