/**
 * Inhibition rules for Alertmanager: a cause silences its consequences, and critical silences warning.
 */
import { CANARY_VOLUME } from '../src/core/self-check.ts';
import { TOKEN_LABELS } from '../src/metrics/labels.ts';
import { knob } from './knobs.ts';

export interface Inhibition {
  readonly because: string;
  /** Matchers in the notation of Alertmanager. */
  readonly source: readonly string[];
  readonly target: readonly string[];
  /**
   * Labels that must be equal. A label that neither alert has is equal, so the source must have the label of the object
   * that it is about: without series of tokens, alerts have no labels of tokens and accounts.
   */
  readonly equal: readonly string[];
}

function named(...alerts: readonly string[]): string {
  return alerts.length === 1 ? `alertname = "${alerts[0]}"` : `alertname =~ "${alerts.join('|')}"`;
}

const cluster = knob('cluster');
const critical = 'severity = "critical"';
const warning = 'severity = "warning"';
const ofNode = 'node =~ ".+"';
const ofAccount = 'serviceaccount =~ ".+"';

/** The place of a copy in a container. */
const ofCopy = 'path =~ "subPath://.+"';

/** Consequences of tokens that are not rotated. */
const OUTDATED = ['SATokenRotationOverdue', 'SATokenStale', 'SATokenExpired'];
const ROTATION = [...OUTDATED, 'SATokenNodeRotationStalled', 'SATokenCanaryLate', 'SATokenKubeletNotSyncing'];
const FLEET = 'SATokenRotationStalledFleet';
const WORKLOAD = 'SATokenWorkloadRotationOverdue';
const OF_NODE = [
  ...ROTATION,
  'SATokenMissing',
  'SATokenExporterDown',
  'SATokenExporterMissing',
  'SATokenClusterBlind',
];

export const INHIBITIONS: readonly Inhibition[] = [
  {
    because: 'An alert at two severities notifies as critical only.',
    source: ['alertname =~ "SAToken.*"', critical],
    target: ['alertname =~ "SAToken.*"', warning],
    equal: ['alertname', cluster, ...TOKEN_LABELS],
  },
  {
    because: 'If no exporter of the cluster is left, each of them is down or missing.',
    source: [named('SATokenExporterDown'), critical],
    target: [named('SATokenExporterDown', 'SATokenExporterMissing'), warning],
    equal: [cluster],
  },
  {
    because: 'If many nodes do not rotate tokens, the cluster is the problem.',
    source: [named(FLEET)],
    target: [named(...ROTATION, WORKLOAD, 'SATokenClusterBlind')],
    equal: [cluster],
  },
  {
    because:
      'If several pods of a workload are late, the workload is the problem. It is as critical as its worst token.',
    source: [named(WORKLOAD), ofAccount],
    target: [named(...OUTDATED)],
    equal: [cluster, 'namespace', 'serviceaccount', 'volume'],
  },
  {
    because: 'Without series of tokens, late tokens on several nodes are one problem of some workload.',
    source: [named(WORKLOAD), 'serviceaccount = ""'],
    target: [named(...OUTDATED), 'pod_uid = ""'],
    equal: [cluster],
  },
  {
    because: 'A stalled node is one problem, not one for each token.',
    source: [named('SATokenNodeRotationStalled'), ofNode],
    target: [named(...OUTDATED, 'SATokenCanaryLate', 'SATokenKubeletNotSyncing')],
    equal: [cluster, 'node'],
  },
  {
    because: 'A node that is down, or has no kubelet, rotates no token and runs no exporter.',
    source: [named('KubeNodeNotReady', 'KubeNodeUnreachable'), ofNode],
    target: [named(...OF_NODE)],
    equal: [cluster, 'node'],
  },
  {
    because: 'KubeletDown means that no kubelet of the cluster is left, and names no node.',
    source: [named('KubeletDown')],
    target: [named(...OF_NODE, FLEET, WORKLOAD)],
    equal: [cluster],
  },
  {
    because: 'Without an API server, kubelets cannot rotate tokens and exporters cannot read from it.',
    source: [named('KubeAPIDown')],
    target: [named(...OF_NODE, FLEET, WORKLOAD)],
    equal: [cluster],
  },
  {
    because: 'The kubelet cannot rotate tokens of an account that is missing or was recreated.',
    source: [named('SATokenServiceAccountMissing', 'SATokenServiceAccountRecreated'), ofAccount],
    target: [named(...OUTDATED, WORKLOAD, 'SATokenRefused')],
    equal: [cluster, 'namespace', 'serviceaccount'],
  },
  {
    because: 'An expired token is also overdue.',
    source: [named('SATokenExpired'), ofNode],
    target: [named('SATokenRotationOverdue', 'SATokenStale')],
    equal: [cluster, ...TOKEN_LABELS],
  },
  {
    because: 'The copy of a token in a container expires because the container never sees another one.',
    source: [named('SATokenSubpathFrozen'), ofCopy],
    // Without series of tokens, the alerts name the node, where other tokens may have expired.
    target: [named('SATokenExpired'), ofCopy],
    equal: [cluster, ...TOKEN_LABELS],
  },
  {
    because:
      'A stale token is also overdue. The critical alert remains: it depends on how much of the extension is left.',
    source: [named('SATokenStale'), ofNode],
    target: [named('SATokenRotationOverdue'), warning],
    equal: [cluster, ...TOKEN_LABELS],
  },
  {
    because: 'The canary is a token, too, but no workload uses it.',
    source: [named('SATokenCanaryLate'), ofNode],
    // A workload may have a volume of this name, too.
    target: [named(...OUTDATED), `volume = "${CANARY_VOLUME}"`, 'pod =~ ".*sa-token-exporter.*"'],
    equal: [cluster, 'node'],
  },
  {
    because: 'A legacy token without its Secret has to be replaced anyway.',
    source: [named('SATokenLegacySecretMissing'), ofAccount],
    target: [named('SATokenLegacyMounted')],
    equal: [cluster, 'namespace', 'serviceaccount', 'volume'],
  },
  {
    because: 'An exporter that sees its own tokens incorrectly does so for those of other pods.',
    source: [named('SATokenSelfViewWrong'), ofNode],
    target: [named('SATokenUnreadable', 'SATokenLimitExceeded', 'SATokenMissing', 'SATokenCanaryLate')],
    equal: [cluster, 'node'],
  },
];
