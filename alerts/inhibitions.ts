/**
 * Which alerts silence which: the cause its consequences, and what is worse what is not as bad.
 *
 * Knows Alertmanager's rules, and of the alerts their names and labels alone.
 */
import { CANARY_VOLUME } from '../src/core/self-check.ts';
import { TOKEN_LABELS } from '../src/metrics/labels.ts';
import { knob } from './knobs.ts';

export interface Inhibition {
  readonly because: string;
  /** Matchers, as Alertmanager writes them. */
  readonly source: readonly string[];
  readonly target: readonly string[];
  /** Labels that both have alike; one that neither has is alike. */
  readonly equal: readonly string[];
}

function named(...alerts: readonly string[]): string {
  return alerts.length === 1 ? `alertname = "${alerts[0]}"` : `alertname =~ "${alerts.join('|')}"`;
}

const cluster = knob('cluster');
const critical = 'severity = "critical"';
const warning = 'severity = "warning"';

/** What follows where tokens are not replaced. */
const OUTDATED = ['SATokenRotationOverdue', 'SATokenStale', 'SATokenExpired'];
const OF_KUBELET = [...OUTDATED, 'SATokenNodeRotationStalled', 'SATokenCanaryLate', 'SATokenMissing'];
const OF_NODE = [...OF_KUBELET, 'SATokenExporterDown', 'SATokenExporterMissing', 'SATokenClusterBlind'];

export const INHIBITIONS: readonly Inhibition[] = [
  {
    because: 'Of two bands of one alert the worse is told.',
    source: ['alertname =~ "SAToken.*"', critical],
    target: ['alertname =~ "SAToken.*"', warning],
    equal: ['alertname', cluster, ...TOKEN_LABELS],
  },
  {
    because: 'Where no exporter is left, each of them is missing.',
    source: [named('SATokenExporterDown'), critical],
    target: [named('SATokenExporterDown', 'SATokenExporterMissing'), warning],
    equal: [],
  },
  {
    because: 'A node on which nothing is replaced has one trouble, not one for each token.',
    source: [named('SATokenNodeRotationStalled')],
    target: [named(...OUTDATED, 'SATokenCanaryLate')],
    equal: [cluster, 'node'],
  },
  {
    because: 'A node that is down, or has no kubelet, replaces no token and runs no exporter.',
    source: [named('KubeNodeNotReady', 'KubeNodeUnreachable')],
    target: [named(...OF_NODE)],
    equal: [cluster, 'node'],
  },
  {
    because: 'KubeletDown says that no kubelet of the cluster is left, and names no node.',
    source: [named('KubeletDown')],
    target: [named(...OF_NODE)],
    equal: [cluster],
  },
  {
    because: 'Without an API server no kubelet gets a token, and no exporter an answer.',
    source: [named('KubeAPIDown')],
    target: [named(...OF_NODE)],
    equal: [cluster],
  },
  {
    because: 'For an account that is gone, or is another one now, no kubelet gets a token.',
    source: [named('SATokenServiceAccountMissing', 'SATokenServiceAccountRecreated')],
    target: [named(...OUTDATED, 'SATokenRefused')],
    equal: [cluster, 'namespace', 'serviceaccount'],
  },
  {
    because: 'A token that has expired is late as well.',
    source: [named('SATokenExpired')],
    target: [named('SATokenRotationOverdue', 'SATokenStale')],
    equal: [cluster, ...TOKEN_LABELS],
  },
  {
    because:
      'A token that has outlived its lifetime is late as well; how much of its extension is left is another matter.',
    source: [named('SATokenStale')],
    target: [named('SATokenRotationOverdue'), warning],
    equal: [cluster, ...TOKEN_LABELS],
  },
  {
    because: 'The canary is a token as well, but no workload uses it.',
    source: [named('SATokenCanaryLate')],
    target: [named(...OUTDATED), `volume = "${CANARY_VOLUME}"`],
    equal: [cluster, 'node'],
  },
  {
    because: 'A legacy token whose Secret is gone is to be replaced anyway.',
    source: [named('SATokenLegacySecretMissing')],
    target: [named('SATokenLegacyMounted')],
    equal: [cluster, 'namespace', 'serviceaccount', 'volume'],
  },
  {
    because: 'An exporter that does not see its own tokens right sees those of others as wrong.',
    source: [named('SATokenSelfViewWrong')],
    target: [named('SATokenUnreadable', 'SATokenMissing', 'SATokenCanaryLate')],
    equal: [cluster, 'node'],
  },
];
