/**
 * Alerts on the exporter itself: whether it is there, and whether what it says of tokens is to be trusted.
 *
 * None of them pages but the one that says that nobody watches any more.
 */
import { knob } from './knobs.ts';
import { type Alert, asked, BLIND_QUERY, BY, bridged, type Group, lines, VIEW_QUERY } from './rule.ts';

const UP = `up{job=~"${knob('job')}"}`;
/** There for every node from the first scrape on, whatever could be read. */
const SEEN = `max by (${BY.node}) (${bridged('satoken_tokens{kind="projected"}')})`;
const LAST_SCAN = `max by (${BY.node}) (${bridged('satoken_last_scan_timestamp_seconds')})`;

const warning = { severity: 'warning', for: knob('blind') } as const;

const PRESENCE_ALERTS: readonly Alert[] = [
  {
    ...warning,
    name: 'SATokenExporterDown',
    dashboard: 'exporter',
    expr: `${UP} == 0`,
    summary: 'An exporter of service account tokens cannot be scraped.',
    description:
      'Target {{ $labels.instance }} of job {{ $labels.job }}: no answer; the tokens of its node are not watched. Check first: kubectl get pods of the exporter with -o wide, and the log of the one on that node.',
  },
  {
    name: 'SATokenExporterDown',
    dashboard: 'exporter',
    severity: 'critical',
    for: knob('blind'),
    expr: `absent(${UP} == 1)`,
    summary: 'No exporter of service account tokens is left.',
    description:
      'Not one exporter answers Prometheus, or there is no target at all: no token is watched, and none of the other alerts can fire. Check first: kubectl get daemonset of the exporter, then the targets page of Prometheus.',
  },
  {
    ...warning,
    name: 'SATokenExporterMissing',
    // The one that lists nodes without an agent.
    dashboard: 'fleet',
    expr: lines(
      `max by (${BY.node}) (kube_node_status_condition{${knob('readyNodes')}}) == 1`,
      `unless on (${BY.node}) ${SEEN}`,
      `unless on (${BY.node}) ${UP}`,
    ),
    summary: 'A ready node has no exporter of service account tokens.',
    description:
      'Node {{ $labels.node }}: ready, and no exporter tells of its tokens. Check first: taints of the node against the tolerations of the DaemonSet (kubectl describe node).',
  },
];

const SIGHT_ALERTS: readonly Alert[] = [
  {
    ...warning,
    name: 'SATokenScanOld',
    dashboard: 'exporter',
    expr: lines(
      `time() - ${LAST_SCAN} > ${knob('scanAge')}`,
      'or',
      `${SEEN} unless on (${BY.node}) ${LAST_SCAN}`,
    ),
    summary: 'The exporter has not been over its node for long, or never.',
    description:
      "Node {{ $labels.node }}: the exporter answers, and what it says of the node's tokens is old, or it could never list the pods. Check first: its log, then --kubelet.root-dir and the hostPath mount.",
  },
  {
    ...warning,
    name: 'SATokenUnreadable',
    dashboard: 'node',
    expr: `max by (${BY.node}, reason) (${bridged('satoken_unreadable')})`,
    summary: 'The exporter cannot read some tokens.',
    description:
      'Node {{ $labels.node }}: there are tokens, volumes or folders that cannot be read ({{ $labels.reason }}), and nothing is known of what is in them. Check first: which ones, by the labels of satoken_unreadable.',
  },
  {
    severity: 'warning',
    for: knob('distrust'),
    name: 'SATokenSelfViewWrong',
    dashboard: 'node',
    keepFiringFor: knob('recovery'),
    expr: `min by (${BY.node}) (${bridged('satoken_self_view')}) == 0`,
    summary: 'The exporter does not see its own tokens as it should.',
    description: `Node {{ $labels.node }}: the exporter does not find its own pod's tokens as they are, so what it says of other pods is not to be trusted.${asked(VIEW_QUERY, 'Failing:', 'check', '{{ .Labels.check }}')} Check first: mountPropagation: HostToContainer on its hostPath mount.`,
  },
];

function increasing(counter: string, label: string): string {
  const increase = `increase(${counter}[${knob('errorWindow')}])`;
  return `sum by (${BY.node}, ${label}) (${increase}) > 0`;
}

const TROUBLE_ALERTS: readonly Alert[] = [
  {
    ...warning,
    name: 'SATokenClusterBlind',
    dashboard: 'exporter',
    expr: `min by (${BY.node}) (${bridged('satoken_cluster_up')}) == 0`,
    summary: 'The exporter does not know what the API server knows.',
    description: `Node {{ $labels.node }}: part of what the exporter asks the API server for is not answered; checks that need it say nothing.${asked(BLIND_QUERY, 'Failing:', 'resource', '{{ .Labels.resource }} ({{ .Labels.reason }})')} Check first: the permissions of the exporter's account (kubectl auth can-i).`,
  },
  {
    ...warning,
    name: 'SATokenWatchesDegraded',
    dashboard: 'exporter',
    expr: increasing('satoken_watch_errors_total', 'reason'),
    summary: 'The exporter sees rotations late.',
    description:
      'Node {{ $labels.node }}: folders cannot be watched ({{ $labels.reason }}); changes show at the next pass, nothing is lost. Check first: sysctl fs.inotify on the node, and who uses up its limits.',
  },
  {
    ...warning,
    name: 'SATokenWebConfigBroken',
    dashboard: 'exporter',
    expr: `min by (${BY.node}) (${bridged('satoken_web_config_last_reload_successful')}) == 0`,
    summary: 'The exporter does not take its web configuration as it is now.',
    description:
      'Node {{ $labels.node }}: the exporter goes on with the web configuration it had, so a new certificate, or the removal of a user, has no effect yet; and after a restart it may not come up. Check first: its log, for "invalid web configuration".',
  },
  {
    ...warning,
    name: 'SATokenExporterErrors',
    dashboard: 'exporter',
    expr: increasing('satoken_exporter_errors_total', 'part'),
    summary: 'The exporter keeps failing in a way it has no name for.',
    description:
      'Node {{ $labels.node }}: the part {{ $labels.part }} of the exporter keeps failing unexpectedly, which is a bug. Check first: its log, for "unexpected failure".',
  },
];

export const EXPORTER_GROUP: Group = {
  name: 'sa-token-exporter-exporter',
  recordings: [],
  alerts: [...PRESENCE_ALERTS, ...SIGHT_ALERTS, ...TROUBLE_ALERTS],
};
