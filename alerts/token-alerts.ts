/**
 * Alerts on tokens: what each check finds, told of the token, the account, the node or the cluster that it lies with.
 *
 * Knows nothing of how the exporter judges, nor of who is told.
 */
import { OTHERWISE, TOLD_REASONS } from './coverage.ts';
import { knob } from './knobs.ts';
import {
  ACCOUNT,
  type Alert,
  BY,
  bridged,
  CAUSES,
  type Group,
  HELD,
  held,
  lines,
  TOKEN,
  WORKLOAD,
} from './rule.ts';

function ofToken(metric: string): string {
  return `max by (${BY.token}) (${bridged(metric)})`;
}

/** Share of the time between the refresh and the end of the token that has passed; above 1 once it has ended. */
const SHARE_USED = lines(
  `(time() - ${ofToken('satoken_refresh_due_timestamp_seconds')})`,
  '/',
  `(${ofToken('satoken_expiration_timestamp_seconds')} - ${ofToken('satoken_refresh_due_timestamp_seconds')})`,
);

const critical = { severity: 'critical', for: knob('failing') } as const;

const overdue = {
  name: 'SATokenRotationOverdue',
  dashboard: 'workload',
  summary: 'The kubelet has not replaced a service account token in time.',
  description: `${TOKEN}: not replaced in time.${CAUSES} Check first: the events of the pod (kubectl describe pod), then the kubelet's log on the node.`,
} as const;

const TIME_ALERTS: readonly Alert[] = [
  {
    ...critical,
    name: 'SATokenNodeRotationStalled',
    dashboard: 'node',
    keepFiringFor: knob('recovery'),
    expr: `max by (${BY.node}) (${bridged('satoken_overdue_cause{cause="node_wide"}')}) > 0`,
    summary: 'The kubelet of a node no longer replaces service account tokens.',
    description:
      'Node {{ $labels.node }}: {{ $value }} tokens of several pods are late, and no token of the node was replaced since the first of them should have been. Check first: systemctl status kubelet on the node, and whether the node reaches the API server.',
  },
  {
    severity: 'warning',
    for: knob('failing'),
    keepFiringFor: knob('recovery'),
    name: 'SATokenCanaryLate',
    dashboard: 'node',
    expr: `max by (${BY.node}) (${bridged('satoken_canary_healthy')}) == 0`,
    summary: "The exporter's own short-lived token is not replaced in time.",
    description:
      'Node {{ $labels.node }}: the canary, a token of ten minutes, is late or gone; rotation on this node may be about to fail for everybody. Check first: systemctl status kubelet on the node.',
  },
  {
    ...overdue,
    severity: 'warning',
    for: knob('late'),
    expr: held('rotation_overdue'),
  },
  {
    ...overdue,
    ...critical,
    expr: lines(held('rotation_overdue'), `and on (${BY.token})`, `${SHARE_USED} > ${knob('usedUp')}`),
  },
  {
    ...critical,
    name: 'SATokenExpired',
    dashboard: 'workload',
    expr: held('expired'),
    summary: 'A service account token has expired.',
    description: `${TOKEN}: expired, and refused by whoever it is shown to.${CAUSES} Check first: the events of the pod (kubectl describe pod), FailedMount names what the refresh fails on.`,
  },
  {
    name: 'SATokenStale',
    dashboard: 'workload',
    severity: 'warning',
    for: knob('failing'),
    keepFiringFor: knob('recovery'),
    expr: held('stale'),
    summary: 'A service account token is past the lifetime that was asked for.',
    description: `${TOKEN}: past the lifetime that was asked for and not replaced; accepted only because the API server extended it.${CAUSES} Check first: the events of the pod (kubectl describe pod), then the kubelet's log on the node.`,
  },
  {
    ...critical,
    name: 'SATokenNotYetValid',
    dashboard: 'node',
    expr: `max by (${BY.node}) (${bridged('satoken_problems{reason="not_yet_valid"}')}) > 0`,
    summary: 'Service account tokens of a node begin in the future.',
    description:
      'Node {{ $labels.node }}: tokens begin in the future ({{ $value }}) and are refused until then. Check first: timedatectl status on the node and on the control plane.',
  },
];

const CLUSTER_ALERTS: readonly Alert[] = [
  {
    ...critical,
    name: 'SATokenSigningKeyUnknown',
    dashboard: 'fleet',
    expr: `sum by (${BY.cluster}) (${held('signing_key_unknown')})`,
    summary: 'Service account tokens are signed with a key that the API server does not publish.',
    description:
      'Tokens are signed with a key that the API server does not publish ({{ $value }}), and are refused. Check first: whether --service-account-key-file of every API server still names the former key.',
  },
  {
    ...critical,
    name: 'SATokenIssuerMismatch',
    dashboard: 'fleet',
    expr: `sum by (${BY.cluster}) (${held('issuer_mismatch')})`,
    summary: "Service account tokens name another issuer than the API server's.",
    description:
      'Tokens were issued under another issuer than the API server has now ({{ $value }}), and are refused. Check first: whether --service-account-issuer of every API server still names the former issuer, second.',
  },
];

const ACCOUNT_ALERTS: readonly Alert[] = [
  {
    ...critical,
    name: 'SATokenServiceAccountMissing',
    dashboard: 'workload',
    keepFiringFor: knob('recovery'),
    expr: `sum by (${BY.account}) (${held('service_account_missing')})`,
    summary: 'Pods run with a service account that does not exist.',
    description: `${ACCOUNT}: the account does not exist, its tokens are refused and get no successor. Check first: kubectl get serviceaccount in the namespace, and who deleted it.`,
  },
  {
    ...critical,
    name: 'SATokenServiceAccountRecreated',
    dashboard: 'workload',
    keepFiringFor: knob('recovery'),
    expr: `sum by (${BY.account}) (${held('service_account_recreated')})`,
    summary: 'A service account was deleted and made again under running pods.',
    description: `${ACCOUNT}: the account was made again with another uid, tokens from before are refused until the kubelet replaces them. Check first: whether pods that started since work; if so, roll the others out anew.`,
  },
  {
    ...critical,
    name: 'SATokenAudienceMismatch',
    dashboard: 'workload',
    expr: `sum by (${BY.workload}) (${held('audience_mismatch')})`,
    summary: 'Service account tokens are for an audience that their receiver does not accept.',
    description: `${WORKLOAD}: for none of the audiences expected of them. Check first: audience of the serviceAccountToken source in the pod's spec, against what the receiver accepts.`,
  },
  {
    ...critical,
    name: 'SATokenLegacySecretMissing',
    dashboard: 'workload',
    expr: `sum by (${BY.workload}) (${held('legacy_secret_missing')})`,
    summary: 'The Secret of a legacy service account token does not exist.',
    description: `${WORKLOAD}: the Secret they come from does not exist, they are refused or their pods do not start. Check first: kubectl get secrets in the namespace; since v1.24 none is made by itself.`,
  },
  {
    name: 'SATokenLegacyMounted',
    dashboard: 'workload',
    severity: 'warning',
    for: knob('habit'),
    expr: `sum by (${BY.workload}) (${held('legacy_token')})`,
    summary: 'Pods mount legacy service account tokens, which never expire.',
    description: `${WORKLOAD}: out of a Secret, without an end, replaced by nobody. Check first: whether the pods can mount a projected serviceAccountToken instead.`,
  },
];

const TOKEN_ALERTS: readonly Alert[] = [
  {
    ...critical,
    name: 'SATokenMissing',
    dashboard: 'workload',
    expr: held('token_missing'),
    summary: 'A running pod lacks a service account token that its spec asks for.',
    description: `${TOKEN}: asked for by the pod's spec, and not there. Check first: the events of the pod (kubectl describe pod), FailedMount names what is wrong.`,
  },
  {
    ...critical,
    name: 'SATokenRefused',
    dashboard: 'workload',
    expr: held('token_refused'),
    summary: 'The API server refuses a service account token.',
    description: `${TOKEN}: refused by the API server, for a reason that no other check accounts for. Check first: whether the pod and the account that the token names are those that exist now.`,
  },
  {
    ...critical,
    name: 'SATokenSignatureInvalid',
    dashboard: 'workload',
    expr: held('signature_invalid'),
    summary: 'A service account token is not signed with the key that it names.',
    description: `${TOKEN}: not signed with the key that it names; damaged, or forged. Check first: whether all API servers publish the same keys (kubectl get --raw /openid/v1/jwks), then who writes into the volume.`,
  },
  {
    ...critical,
    name: 'SATokenPodMismatch',
    dashboard: 'workload',
    expr: held('pod_mismatch'),
    summary: 'A pod holds the service account token of another pod.',
    description: `${TOKEN}: bound to another pod than the one it lies in. Check first: who else writes into this volume; the kubelet never does that.`,
  },
  {
    name: OTHERWISE,
    dashboard: 'workload',
    severity: 'warning',
    for: knob('failing'),
    expr: `${HELD}{reason!~"${TOLD_REASONS.join('|')}"}`,
    summary: 'A check fails that these rules do not know yet.',
    description: `${TOKEN}: fails the check {{ $labels.reason }}, which the exporter has and these rules do not. Check first: what explain says of the pod; then update the rules.`,
  },
];

/** Series of one token after another; of nodes that have none for a reason, the node's count. Nothing that is leaving. */
const HELD_EXPR = lines(
  '(',
  `  max by (${BY.token}, reason) (${bridged('satoken_problem')})`,
  `  or on (${BY.node}, reason)`,
  `  max by (${BY.node}, reason) (${bridged('satoken_problems')}) > 0`,
  ')',
  `unless on (${BY.pod}) kube_pod_deletion_timestamp`,
);

export const TOKEN_GROUP: Group = {
  name: 'sa-token-exporter-tokens',
  recordings: [{ record: HELD, expr: HELD_EXPR }],
  alerts: [...TIME_ALERTS, ...CLUSTER_ALERTS, ...ACCOUNT_ALERTS, ...TOKEN_ALERTS],
};
