/**
 * The thresholds, durations and names in the alerts that can be configured.
 *
 * To change one, edit it here and run `npm run generate`.
 */

import { RUNBOOKS } from '../src/core/runbook.ts';

/** `critical` is a page, `warning` a ticket; `info` sends no notification. */
export type Severity = 'critical' | 'warning' | 'info';

export interface Knob {
  readonly value: string;
  /** What it is, and what bounds it. One sentence. */
  readonly meaning: string;
}

export const KNOBS = {
  runbooks: {
    value: RUNBOOKS,
    meaning: 'Base URL of the runbooks; for the exporter it is `--runbooks.base-url`.',
  },
  grafana: {
    value: '',
    meaning:
      'URL of Grafana, for example `https://grafana.example.com`. If it is empty, links are paths, and the notification template puts the URL before them.',
  },
  job: {
    value: '(.*/)?sa-token-exporter',
    meaning: 'Regular expression for the scrape job, optionally preceded by the namespace of a PodMonitor.',
  },
  cluster: {
    value: 'cluster',
    meaning: 'Label that distinguishes clusters if one Prometheus has several; it may be unset.',
  },
  owner: {
    value: '',
    meaning:
      'Labels of `kube_pod_owner` that alerts with a pod get, such as `owner_kind,owner_name`; empty adds no label.',
  },
  team: {
    value: '',
    meaning:
      'Label of `kube_namespace_labels` that alerts with a namespace get, such as `label_team`; empty adds no label.',
  },
  daemonset: {
    value: '.*sa-token-exporter.*',
    meaning: 'Regular expression for the name of the DaemonSet, in metrics of kube-state-metrics.',
  },
  readyNodes: {
    value: 'condition="Ready",status="true"',
    meaning:
      'Matchers for nodes that should run an exporter, on `kube_node_status_condition` of kube-state-metrics.',
  },
  bridge: {
    value: '5m',
    meaning:
      'How long the last sample of a series is used if the scrape of its node fails: longer than two scrape intervals of 2 min.',
  },
  samples: {
    value: '8',
    meaning:
      'Number of samples in `bridge` up to which a node is scraped rarely: a single sample then fires nothing, although several evaluations see it.',
  },
  sampleAge: {
    value: '30',
    meaning: 'Age in seconds from which such a sample no longer counts alone: `due`.',
  },
  due: {
    value: '30s',
    meaning:
      '`for:` of alerts on tokens that are late: an evaluation, because the grace period of the exporter already covers what a healthy kubelet needs.',
  },
  cause: {
    value: '30s',
    meaning:
      '`for:` of alerts that explain late or expired tokens: not longer than `due`, so that they inhibit the alerts on those in time.',
  },
  failing: {
    value: '5m',
    meaning:
      '`for:` of alerts on other problems of tokens: longer than the 100 s that a healthy kubelet may be late.',
  },
  pulse: {
    value: '120',
    meaning:
      'Seconds without a sync after which the kubelet counts as silent: 1.5 times the default of `--kubelet.sync-frequency`, plus 30 s.',
  },
  pulseSeen: {
    value: '90',
    meaning:
      'The same by the clock of the node, up to the last scan, so that a difference of clocks does not alert: `pulse` less the default of `--scan.interval`.',
  },
  remounted: {
    value: '2m',
    meaning:
      '`for:` of the alert on containers that see an older mount: longer than a kubelet needs after its start to report restarted containers.',
  },
  blind: {
    value: '15m',
    meaning:
      '`for:` of alerts on the exporter and its data: longer than a rollout, a reboot, or a restart of the API server.',
  },
  habit: {
    value: '1h',
    meaning: '`for:` of alerts on practices that are not urgent.',
  },
  recovery: {
    value: '3m',
    meaning:
      'How long an alert that inhibits others keeps firing: longer than the 90 s in which the others recover, and two scrapes.',
  },
  atOnce: {
    value: '0s',
    meaning:
      '`for:` of alerts that have no receiver and only inhibit others, and of those on tokens that were late `due` ago.',
  },
  fleetShare: {
    value: '0.05',
    meaning: 'Share of the nodes of a cluster above which late nodes are one problem of the cluster.',
  },
  fleetNodes: {
    value: '3',
    meaning:
      'Number of nodes up to which late nodes are problems of their own, unless they are all that there are.',
  },
  fleetSuspects: {
    value: '2',
    meaning:
      'Factor of both limits if canaries that are due count, too: some of those of healthy nodes are among them.',
  },
  canaryDue: {
    value: '45',
    meaning:
      'Seconds after its refresh is due from which a canary counts for the cluster: those of 3 % of healthy nodes are later at any time, and it is shorter than the grace period.',
  },
  canaryFresh: {
    value: '90',
    meaning:
      'Seconds for which a healthy kubelet may be late: a canary that was refreshed since then shows that the cluster issues tokens, and one that is due for longer that it may not.',
  },
  fleetCanaries: {
    value: '0.5',
    meaning:
      'Share of the nodes that must have canaries for them to show that a late node may be the first of many.',
  },
  fleetBlind: {
    value: '10m',
    meaning:
      'How long an exporter lacks data from the API server before its node counts for the cluster only if its canary shows that: the lifetime of a canary.',
  },
  canaryIssued: {
    value: '540',
    meaning:
      'Seconds since a canary was issued up to which that happened within `fleetBlind`, with a minute for differences of clocks.',
  },
  fleetNew: {
    value: '5m',
    meaning:
      'How long a late node may be the first of many, if no canary of the cluster is refreshed: until three others are late in a cluster of ten.',
  },
  fleetLate: {
    value: '2m',
    meaning: '`for:` of the warning on a cluster; `failing` is that of the critical alert.',
  },
  fleetRecovery: {
    value: '5m',
    meaning:
      'How long the alert on a cluster keeps firing: longer than the 90 s in which the last nodes recover, plus `recovery`.',
  },
  scanAge: {
    value: '300',
    meaning: 'Maximum age of the last full scan in seconds: ten times the default of `--scan.interval`.',
  },
  crashes: {
    value: '10m',
    meaning:
      'Window over which the share of failed scrapes is taken: two of the delays with which the kubelet restarts a container.',
  },
  mostly: {
    value: '0.5',
    meaning: 'Share of the scrapes in `crashes` below which an exporter counts as down.',
  },
  memory: {
    value: '1d',
    meaning: 'How long a cluster that had exporters is expected to have some.',
  },
  errorWindow: {
    value: '15m',
    meaning:
      'Window over which errors are counted: several `--scan.interval`s, and not longer than `blind`, so that a single error does not alert.',
  },
} as const satisfies Readonly<Record<string, Knob>>;

/** Matchers on `kube_node_info` for nodes that cannot run an exporter: Windows, AWS Fargate, virtual kubelets. */
export const NODES_THAT_CANNOT = [
  'os_image=~"Windows.*"',
  'node=~"fargate-.*|virtual-.*"',
  'kubelet_version=~".*-vk-.*"',
] as const;

export function knob(name: keyof typeof KNOBS): string {
  return KNOBS[name].value;
}
