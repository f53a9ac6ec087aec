/**
 * Every threshold, time and name that the alerts leave to whoever runs them: one place for each.
 *
 * To change one: edit it here, then `npm run generate`. Knows no alert in particular.
 */

import { RUNBOOKS } from '../src/core/runbook.ts';

/** What an alert is worth to somebody on call: a page, or a ticket. */
export type Severity = 'critical' | 'warning';

export interface Knob {
  readonly value: string;
  /** What it is and what it must allow for, in a sentence. */
  readonly meaning: string;
}

export const KNOBS = {
  runbooks: {
    value: RUNBOOKS,
    meaning: 'Where the runbooks are published; the exporter is told by `--runbooks.base-url`.',
  },
  grafana: {
    value: '',
    meaning:
      'Address of Grafana, as `https://grafana.example.com`; where it is empty links are paths, before which whoever sends an alert puts the address: a path is right for every Grafana, a made-up host for none.',
  },
  job: {
    value: '(.*/)?sa-token-exporter',
    meaning: 'Regular expression of the scrape job, with or without the namespace of a PodMonitor before it.',
  },
  cluster: {
    value: 'cluster',
    meaning:
      'Label that tells clusters apart where one Prometheus sees several; nothing is lost where it is not set.',
  },
  readyNodes: {
    value: 'condition="Ready",status="true"',
    meaning: 'Nodes that should run an exporter, in `kube_node_status_condition` of kube-state-metrics.',
  },
  bridge: {
    value: '3m',
    meaning:
      'How long a series counts on after its last sample: more than two scrapes apart, so that one may fail.',
  },
  distrust: {
    value: '3m',
    meaning:
      'Patience with an exporter that sees its own tokens wrong; within `failing`, so that nobody is told what else it sees.',
  },
  failing: {
    value: '5m',
    meaning: 'Patience with what fails a workload: more than the 100 s that a healthy kubelet may be late.',
  },
  late: {
    value: '10m',
    meaning:
      'Patience with what is late and works; beyond `failing`, so that what comes of it is told instead.',
  },
  blind: {
    value: '15m',
    meaning:
      'Patience with the exporter and with what it needs: a roll-out, a reboot, a restart of the API server.',
  },
  habit: {
    value: '1h',
    meaning: 'Patience with ways of working that are no emergency.',
  },
  recovery: {
    value: '10m',
    meaning:
      'How long an alert that silences others outlasts its cause: the 90 s in which the others recover, and `bridge`.',
  },
  usedUp: {
    value: '0.75',
    meaning:
      'Share of the time from refresh due to expiration that may pass before a late rotation is critical.',
  },
  scanAge: {
    value: '300',
    meaning: 'Seconds since the last pass over the node: ten times the default of `--scan.interval`.',
  },
  errorWindow: {
    value: '15m',
    meaning:
      'Time over which failures are counted: some `--scan.interval`s, and no longer than `blind`, so that one failure tells nobody.',
  },
} as const satisfies Readonly<Record<string, Knob>>;

export function knob(name: keyof typeof KNOBS): string {
  return KNOBS[name].value;
}
