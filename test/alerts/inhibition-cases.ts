/**
 * What each inhibition silences: alerts with the labels that the rules give them, on two clusters, two nodes and two accounts.
 */
import assert from 'node:assert/strict';
import type { Inhibition } from '../../alerts/inhibitions.ts';
import { TOKEN } from './series.ts';

export type Labels = Readonly<Record<string, string>>;
/** What an alert is raised on. */
type Scope = 'token' | 'account' | 'workload' | 'node' | 'cluster';
/** `--metrics.per-token`: without series of tokens, alerts on tokens have the labels of the node only. */
export type Mode = 'all' | 'problems' | 'none';

/** Alerts that are not raised on a token. */
export const SCOPES: Readonly<Record<string, Scope>> = {
  SATokenNodeRotationStalled: 'node',
  SATokenCanaryLate: 'node',
  SATokenKubeletNotSyncing: 'node',
  SATokenUnreadable: 'node',
  SATokenLimitExceeded: 'node',
  // If its targets have the label.
  SATokenExporterDown: 'node',
  SATokenSelfViewWrong: 'node',
  SATokenClusterBlind: 'node',
  SATokenExporterMissing: 'node',
  KubeNodeNotReady: 'node',
  KubeNodeUnreachable: 'node',
  SATokenServiceAccountMissing: 'account',
  SATokenServiceAccountRecreated: 'account',
  SATokenWorkloadRotationOverdue: 'workload',
  SATokenAudienceMismatch: 'workload',
  SATokenLegacySecretMissing: 'workload',
  SATokenLegacyMounted: 'workload',
  SATokenNotReread: 'workload',
  SATokenUnread: 'workload',
  SATokenRotationStalledFleet: 'cluster',
  KubeletDown: 'cluster',
  KubeAPIDown: 'cluster',
};

/** The labels of the object, from those of its token. */
export function labelsOf(scope: Scope, mode: Mode, token: Labels): Labels {
  const pick = (...names: readonly string[]): Labels =>
    Object.fromEntries(names.map((name) => [name, token[name] ?? '']));
  const names = {
    token: ['cluster', ...Object.keys(TOKEN)],
    account: ['cluster', 'namespace', 'serviceaccount'],
    workload: ['cluster', 'namespace', 'serviceaccount', 'volume'],
    node: ['cluster', 'node'],
    cluster: ['cluster'],
  } as const satisfies Readonly<Record<Scope, readonly string[]>>;
  if (mode !== 'none' || scope === 'node' || scope === 'cluster') return pick(...names[scope]);
  return scope === 'token' ? pick('cluster', 'node') : pick('cluster');
}

interface Alert {
  readonly alertname: string;
  readonly scope: Scope;
  readonly severity: string;
  /** Labels that the inhibition requires of a token. */
  readonly token: Labels;
}

/** The alerts that the matchers of one side name. */
export function alertsOf(matchers: readonly string[], names?: readonly string[]): readonly Alert[] {
  const valueIn = (label: string): string | undefined =>
    matchers.flatMap((text) => new RegExp(`^${label} =~? "(.*)"$`).exec(text)?.[1] ?? [])[0];
  const volume = valueIn('volume');
  const path = valueIn('path');
  return (names ?? valueIn('alertname')?.split('|') ?? []).map((alertname) => ({
    alertname,
    scope: SCOPES[alertname] ?? 'token',
    severity: valueIn('severity') ?? 'warning',
    token: {
      ...(volume === undefined ? {} : { volume, pod: 'sa-token-exporter-x7x2p' }),
      // An expression that matches itself.
      ...(path === undefined ? {} : { path }),
    },
  }));
}

/** The token of another object, by what it has in common with the first. */
const OTHERS = {
  'the same object': {},
  'another pod of the account on another node': { node: 'node-2', pod: 'api-1', pod_uid: 'uid-2' },
  'a pod of another account on the same node': {
    namespace: 'web',
    serviceaccount: 'web',
    pod: 'web-0',
    pod_uid: 'uid-3',
  },
  'the same object in another cluster': { cluster: 'west' },
} as const;
type Other = keyof typeof OTHERS;

/** What each inhibition silences beyond the same object. It silences nothing else. */
interface Reach {
  readonly others: readonly Other[];
  /** Whether it has an effect without series of tokens. */
  readonly withoutSeries: boolean;
  /** For an inhibition that does not list its alerts. */
  readonly names?: readonly string[];
}

const NODE: Reach = { others: ['a pod of another account on the same node'], withoutSeries: true };
const ACCOUNT: Reach = { others: ['another pod of the account on another node'], withoutSeries: false };
/** The alert on a workload has two inhibitions, of which one is in effect: without series of tokens, it names none. */
const NAMED_OR_NOT: Reach = { ...ACCOUNT, withoutSeries: true };
/** Without series of tokens, the node. */
const TOKEN_ONLY: Reach = { others: [], withoutSeries: true };
const CLUSTER: Reach = {
  others: ['another pod of the account on another node', 'a pod of another account on the same node'],
  withoutSeries: true,
};

export const REACHES: Readonly<Record<string, Reach>> = {
  'An alert at two severities notifies as critical only.': {
    others: [],
    withoutSeries: true,
    names: ['SATokenRotationOverdue', 'SATokenAudienceMismatch'],
  },
  'If no exporter of the cluster is left, each of them is down or missing.': CLUSTER,
  'If many nodes do not rotate tokens, the cluster is the problem.': CLUSTER,
  'If several pods of a workload are late, the workload is the problem. It is as critical as its worst token.':
    NAMED_OR_NOT,
  'Without series of tokens, late tokens on several nodes are one problem of some workload.': NAMED_OR_NOT,
  'A stalled node is one problem, not one for each token.': NODE,
  'A node that is down, or has no kubelet, rotates no token and runs no exporter.': NODE,
  'KubeletDown means that no kubelet of the cluster is left, and names no node.': CLUSTER,
  'Without an API server, kubelets cannot rotate tokens and exporters cannot read from it.': CLUSTER,
  'The kubelet cannot rotate tokens of an account that is missing or was recreated.': ACCOUNT,
  'An expired token is also overdue.': TOKEN_ONLY,
  'The copy of a token in a container expires because the container never sees another one.': {
    others: [],
    withoutSeries: false,
  },
  'A stale token is also overdue. The critical alert remains: it depends on how much of the extension is left.':
    TOKEN_ONLY,
  'The canary is a token, too, but no workload uses it.': { others: [], withoutSeries: false },
  'A legacy token without its Secret has to be replaced anyway.': ACCOUNT,
  'An exporter that sees its own tokens incorrectly does so for those of other pods.': NODE,
};

interface Posted {
  readonly title: string;
  readonly isTarget: boolean;
  readonly labels: Labels;
  readonly isSilenced: boolean;
}

/** Alertmanager and the kubernetes-mixin know the exporter of a node by its target. */
function scopeOf({ alertname, scope, severity }: Alert, isSource: boolean): Scope {
  return alertname === 'SATokenExporterDown' && (isSource || severity === 'critical') ? 'cluster' : scope;
}

function pairCases(
  name: string,
  [source, target]: readonly [Alert, Alert],
  { others, withoutSeries }: Reach,
  mode: Mode,
): readonly Posted[] {
  const east = { ...TOKEN, ...target.token, cluster: `${name} east` };
  const alert = (one: Alert, isSource: boolean, token: Labels): Labels => ({
    alertname: one.alertname,
    severity: one.severity,
    ...labelsOf(scopeOf(one, isSource), mode, token),
  });
  const own = JSON.stringify(alert(target, false, east));
  const targets = Object.entries(OTHERS).flatMap(([other, change]): readonly Posted[] => {
    const cluster = 'cluster' in change ? `${name} west` : east.cluster;
    const labels = alert(target, false, { ...east, ...change, cluster });
    const isOwn = JSON.stringify(labels) === own;
    if (isOwn && other !== 'the same object') return [];
    const isReached = isOwn || others.includes(other as Other);
    const isSilenced = isReached && (withoutSeries || mode !== 'none');
    return [
      {
        title: `${source.alertname} and ${target.alertname} of ${other}`,
        labels,
        isTarget: true,
        isSilenced,
      },
    ];
  });
  const first = {
    title: source.alertname,
    labels: alert(source, true, east),
    isTarget: false,
    isSilenced: false,
  };
  return [first, ...targets];
}

export function casesOf({ because, source, target }: Inhibition, mode: Mode): readonly Posted[] {
  const reach = REACHES[because];
  assert.ok(reach, `no case for: ${because}`);
  const sources = alertsOf(source, reach.names);
  const targets = alertsOf(target, reach.names);
  const pairs = sources.flatMap((one) =>
    targets.flatMap((other): readonly (readonly [Alert, Alert])[] =>
      reach.names === undefined || one.alertname === other.alertname ? [[one, other]] : [],
    ),
  );
  return pairs.flatMap((pair, index) => pairCases(`${because} ${mode} ${index}`, pair, reach, mode));
}
