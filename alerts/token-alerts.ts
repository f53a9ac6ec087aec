/**
 * Alerts on tokens. Each is raised on the object that is broken: the token, the account, the node or the cluster.
 */
import { ACCOUNT_REASONS, LATE_REASONS } from '../src/core/problems/late-reasons.ts';
import { COVERED_REASONS, FALLBACK_ALERT } from './coverage.ts';
import {
  BEGAN,
  EXPLAIN,
  explainFirst,
  FIRST_REJECTED,
  FIRST_SEEN,
  INFO_PODS_QUERY,
  pageOfFirst,
  SCAN,
  seenInAccount,
  seenInCluster,
  TIMES,
} from './details.ts';
import { CANARY_LATE, FLEET_ALERTS, FLEET_RECORDINGS, NODE_STALLED } from './fleet-alert.ts';
import { knob } from './knobs.ts';
import {
  ACCOUNT,
  type Alert,
  BY,
  bridged,
  CAUSES_OF_NODE,
  EXPORTERS,
  type Group,
  HELD,
  HELD_CRITICAL,
  HELD_INFO,
  held,
  heldCritical,
  heldInfo,
  lateBefore,
  lines,
  previous,
  RARELY_SCRAPED,
  type Recording,
  SCRAPE_RECORDING,
  SCRAPED,
  SEEN,
  TOKEN,
  WORKLOAD,
} from './rule.ts';
import { WORKLOAD_ALERTS } from './workload-alert.ts';

const critical = { severity: 'critical', for: knob('failing') } as const;
const root = { severity: 'critical', for: knob('cause') } as const;
const late = { severity: 'critical', for: knob('due') } as const;

/** Absent unless reads are watched. */
const LAST_SYNC = 'satoken_kubelet_last_sync_timestamp_seconds';

const overdue = {
  name: 'SATokenRotationOverdue',
  dashboard: 'workload',
  summary: 'The kubelet has not rotated a service account token within the grace period.',
  description: `${TOKEN}: not rotated within the grace period.${TIMES} Check first: the events of the pod, then the kubelet's log.${EXPLAIN}`,
} as const;

const frozen = {
  name: 'SATokenSubpathFrozen',
  dashboard: 'workload',
  summary: 'A container keeps an old service account token because it mounts it with subPath.',
  description: `${TOKEN}: the container keeps it and does not see the one that replaced it.${TIMES} Check first: subPath in the volumeMounts of the container.${EXPLAIN}`,
} as const;

const audience = {
  name: 'SATokenAudienceMismatch',
  dashboard: 'workload',
  summary: 'Service account tokens have an audience that their receiver may not accept.',
  description: `${WORKLOAD}: the tokens have none of the expected audiences.${seenInAccount('audience_mismatch')} Check first: audience of the serviceAccountToken source in the pod's spec, against what the receiver accepts.${explainFirst('audience_mismatch')}`,
} as const;

const notReread = {
  name: 'SATokenNotReread',
  dashboard: 'workload',
  for: knob('habit'),
  summary: 'Containers may hold an old copy of a service account token.',
} as const;

function notRereadText(pods?: string): string {
  return `${WORKLOAD}: read once, and not since the tokens were rotated.${seenInAccount('not_reread')} Check first: whether the client library reads the file again.${pageOfFirst('not_reread', pods)}`;
}

const TIME_ALERTS: readonly Alert[] = [
  {
    ...late,
    name: 'SATokenNodeRotationStalled',
    dashboard: 'node',
    expr: NODE_STALLED,
    summary: 'The kubelet of a node no longer rotates service account tokens.',
    description: `Node {{ $labels.node }}: tokens are overdue ({{ $value }}), and nothing about their pods explains it.${CAUSES_OF_NODE}${FIRST_REJECTED} Check first: systemctl status kubelet on the node, and whether it reaches the API server.${SCAN}`,
  },
  {
    severity: 'warning',
    for: knob('due'),
    name: 'SATokenCanaryLate',
    dashboard: 'node',
    expr: CANARY_LATE,
    summary: "The exporter's own short-lived token is not rotated in time.",
    description: `Node {{ $labels.node }}: the canary, a ten-minute token, is overdue or missing; the rotation of all tokens on this node may be about to fail. Check first: systemctl status kubelet on the node.${SCAN}`,
  },
  {
    ...overdue,
    severity: 'warning',
    for: knob('due'),
    expr: held('rotation_overdue'),
  },
  {
    ...overdue,
    severity: 'critical',
    for: knob('atOnce'),
    expr: lateOrExpired(heldCritical('rotation_overdue')),
  },
  {
    severity: 'critical',
    for: knob('atOnce'),
    name: 'SATokenExpired',
    dashboard: 'workload',
    expr: lateOrExpired(held('expired')),
    summary: 'A service account token has expired.',
    description: `${TOKEN}: expired, so it is rejected.${TIMES} Check first: the events of the pod; FailedMount says why the rotation fails.${EXPLAIN}`,
  },
  {
    severity: 'warning',
    for: knob('due'),
    name: 'SATokenKubeletNotSyncing',
    dashboard: 'reads',
    expr: lines(
      // By the time of the sample, so that the scrape interval makes no difference.
      `max by (${BY.node}) (timestamp(${LAST_SYNC}) - ${LAST_SYNC}) > ${knob('pulse')}`,
      `and max by (${BY.node}) ((${bridged('satoken_last_scan_timestamp_seconds')}) - ${LAST_SYNC}) > ${knob('pulseSeen')}`,
    ),
    summary: 'The kubelet of a node no longer syncs the volumes of its pods.',
    description: `Node {{ $labels.node }}: the kubelet has not compared any token volume for {{ printf "%.0f" $value }} s; a healthy one does every 60 to 90 s. Tokens will not be rotated. Check first: systemctl status kubelet on the node.${SCAN}`,
  },
  {
    severity: 'critical',
    for: knob('remounted'),
    name: 'SATokenContainerViewStale',
    dashboard: 'workload',
    expr: held('container_view_stale'),
    summary: 'A container sees an older mount of its token volume, which gets no new tokens.',
    description: `${TOKEN}: fresh on the node, but a container still sees the volume that was there before it was mounted again.${BEGAN} Check first: whether the kubelet of the node was restarted.${EXPLAIN}`,
  },
  {
    ...frozen,
    ...late,
    expr: heldCritical('subpath_frozen'),
  },
  {
    ...frozen,
    severity: 'warning',
    for: knob('failing'),
    expr: lines(held('subpath_frozen'), `unless on (${BY.token})`, heldCritical('subpath_frozen')),
  },
  {
    name: 'SATokenStale',
    dashboard: 'workload',
    severity: 'warning',
    for: knob('due'),
    keepFiringFor: knob('recovery'),
    expr: held('stale'),
    summary: 'A service account token is past its requested lifetime.',
    description: `${TOKEN}: past its requested lifetime; accepted only because the API server extended it.${TIMES} Check first: the events of the pod, then the kubelet's log.${EXPLAIN}`,
  },
  {
    name: 'SATokenTerminating',
    dashboard: 'workload',
    severity: 'warning',
    for: knob('failing'),
    expr: held('terminating'),
    summary: 'A service account token expires while its pod is still terminating.',
    description: `${TOKEN}: expires before the grace period of its terminating pod ends; no longer refreshed.${TIMES} Check first: whether the pod still needs the API server.${EXPLAIN}`,
  },
  {
    ...critical,
    name: 'SATokenNotYetValid',
    dashboard: 'node',
    expr: `max by (${BY.node}) (${bridged('satoken_problems{reason="not_yet_valid"}')}) > 0`,
    summary: 'Service account tokens of a node are not valid yet.',
    description: `Node {{ $labels.node }}: tokens start in the future ({{ $value }}) and are rejected until then. Check first: timedatectl status on the node and on the control plane.${SCAN}`,
  },
];

const CLUSTER_ALERTS: readonly Alert[] = [
  {
    ...critical,
    name: 'SATokenSigningKeyUnknown',
    dashboard: 'fleet',
    expr: `sum by (${BY.cluster}) (${held('signing_key_unknown')})`,
    summary: 'Service account tokens are signed with a key that the API server does not publish.',
    description: `Tokens are signed with a key that the API server does not publish ({{ $value }}), so they are rejected.${seenInCluster('signing_key_unknown')} Check first: whether --service-account-key-file of every API server still lists the previous key.`,
  },
  {
    ...critical,
    name: 'SATokenIssuerMismatch',
    dashboard: 'fleet',
    expr: `sum by (${BY.cluster}) (${held('issuer_mismatch')})`,
    summary: 'Service account tokens have another issuer than the API server.',
    description: `Tokens have another issuer than the API server has now ({{ $value }}), so they are rejected.${seenInCluster('issuer_mismatch')} Check first: whether --service-account-issuer of every API server still lists the previous issuer, in second place.`,
  },
];

const ACCOUNT_ALERTS: readonly Alert[] = [
  {
    ...root,
    name: 'SATokenServiceAccountMissing',
    dashboard: 'workload',
    keepFiringFor: knob('recovery'),
    expr: `sum by (${BY.account}) (${held('service_account_missing')})`,
    summary: 'Pods run with a service account that does not exist.',
    description: `${ACCOUNT}: the account does not exist; its tokens are rejected and will not be rotated.${seenInAccount('service_account_missing')} Check first: kubectl get serviceaccount in the namespace, and who deleted it.${explainFirst('service_account_missing')}`,
  },
  {
    ...root,
    name: 'SATokenServiceAccountRecreated',
    dashboard: 'workload',
    keepFiringFor: knob('recovery'),
    expr: `sum by (${BY.account}) (${held('service_account_recreated')})`,
    summary: 'A service account was deleted and recreated while pods use it.',
    description: `${ACCOUNT}: recreated with another UID; older tokens are rejected until they are rotated.${seenInAccount('service_account_recreated')} Check first: whether pods that started since then work; if so, restart the others.${explainFirst('service_account_recreated')}`,
  },
  {
    ...audience,
    ...critical,
    expr: `sum by (${BY.workload}) (${heldCritical('audience_mismatch')})`,
  },
  {
    ...audience,
    severity: 'warning',
    for: knob('failing'),
    expr: lines(
      `sum by (${BY.workload}) (`,
      `  ${held('audience_mismatch')} unless on (${BY.token}) ${heldCritical('audience_mismatch')}`,
      ')',
    ),
  },
  {
    ...critical,
    name: 'SATokenLegacySecretMissing',
    dashboard: 'workload',
    expr: `sum by (${BY.workload}) (${held('legacy_secret_missing')})`,
    summary: 'The Secret of a legacy service account token does not exist.',
    description: `${WORKLOAD}: the Secret of the tokens does not exist, so they are rejected or their pods do not start.${seenInAccount('legacy_secret_missing')} Check first: kubectl get secrets in the namespace; since v1.24 Kubernetes creates none.${explainFirst('legacy_secret_missing')}`,
  },
  {
    name: 'SATokenLegacyMounted',
    dashboard: 'workload',
    severity: 'info',
    for: knob('habit'),
    expr: `sum by (${BY.workload}) (${heldInfo('legacy_token')})`,
    summary: 'Pods mount legacy service account tokens, which never expire.',
    description: `${WORKLOAD}: read from a Secret; the tokens never expire and are never rotated.${seenInAccount('legacy_token')} Check first: whether the pods can mount a projected serviceAccountToken instead.${explainFirst('legacy_token', INFO_PODS_QUERY)}`,
  },
];

/** Only if the exporter watches reads. */
const READ_ALERTS: readonly Alert[] = [
  {
    ...notReread,
    severity: 'warning',
    expr: `sum by (${BY.workload}) (${held('not_reread')})`,
    description: notRereadText(),
  },
  {
    ...notReread,
    severity: 'info',
    expr: `sum by (${BY.workload}) (${heldInfo('not_reread')})`,
    description: notRereadText(INFO_PODS_QUERY),
  },
  {
    name: 'SATokenUnread',
    dashboard: 'workload',
    severity: 'info',
    for: knob('habit'),
    expr: `sum by (${BY.workload}) (${heldInfo('unread')})`,
    summary: 'No read of a service account token was observed for a day.',
    description: `${WORKLOAD}: no read observed since the containers started, which does not prove that they need none.${seenInAccount('unread')} Check first: whether the owner knows of a use.${pageOfFirst('unread', INFO_PODS_QUERY)}`,
  },
];

const TOKEN_ALERTS: readonly Alert[] = [
  {
    ...critical,
    name: 'SATokenMissing',
    dashboard: 'workload',
    expr: held('token_missing'),
    summary: 'A running pod lacks a service account token that its spec requests.',
    description: `${TOKEN}: requested by the pod's spec, but missing.${FIRST_SEEN} Check first: the events of the pod; FailedMount gives the reason.${EXPLAIN}`,
  },
  {
    ...critical,
    name: 'SATokenRefused',
    dashboard: 'workload',
    expr: held('token_refused'),
    summary: 'The API server rejects a service account token.',
    description: `${TOKEN}: rejected by the API server for a reason that no other check explains.${FIRST_SEEN} Check first: whether the pod and the account that it names still exist with the same UIDs.${EXPLAIN}`,
  },
  {
    ...critical,
    name: 'SATokenSignatureInvalid',
    dashboard: 'workload',
    expr: held('signature_invalid'),
    summary: 'The signature of a service account token does not match its key.',
    description: `${TOKEN}: the signature does not match the key named in the header; damaged or forged.${FIRST_SEEN} Check first: whether all API servers publish the same keys, then which process writes to the volume.${EXPLAIN}`,
  },
  {
    ...critical,
    name: 'SATokenPodMismatch',
    dashboard: 'workload',
    expr: held('pod_mismatch'),
    summary: 'A pod holds the service account token of another pod.',
    description: `${TOKEN}: bound to another pod than the one that mounts it.${FIRST_SEEN} Check first: which other process writes to this volume; the kubelet never does this.${EXPLAIN}`,
  },
  {
    name: FALLBACK_ALERT,
    dashboard: 'workload',
    severity: 'warning',
    for: knob('failing'),
    expr: `${HELD}{reason!~"${COVERED_REASONS.join('|')}"}`,
    summary: 'A token fails a check that has no dedicated alert.',
    description: `${TOKEN}: fails the check {{ $labels.reason }}, which the exporter has and these rules do not.${FIRST_SEEN} Check first: whether there are newer rules.${EXPLAIN}`,
  },
];

/** The alert at once if the token was late before: its grace period, or a lesser severity, was the wait. */
function lateOrExpired(expr: string): string {
  return lines(
    `${expr} and on (${BY.token}) ${lateBefore('reason="rotation_overdue",pod_uid!=""')}`,
    'or',
    `${expr} and ${lateBefore('reason=~"rotation_overdue|expired"')}`,
  );
}

const LATE = LATE_REASONS.join('|');

const BY_SEVERITY = `${BY.node}, reason, severity`;
/** What nodes count, and the sample before. Each node has a series for all reasons: the rules read them here only, once. */
const COUNTS = 'node:satoken_problems:found';
const COUNTS_BEFORE = 'node:satoken_problems:before';
const COUNT_RECORDINGS: readonly Recording[] = [
  { record: COUNTS, expr: `max by (${BY_SEVERITY}) (satoken_problems > 0)` },
  {
    record: COUNTS_BEFORE,
    expr: `max by (${BY_SEVERITY}) (${previous('satoken_problems')}) and on (${BY.node}, reason) ${COUNTS}`,
  },
];

/**
 * The series of tokens, and for each node the number of those that have none, without the severity: it may change while the
 * problem lasts. A node that exceeds a limit has both: a token with series must not hide one without. The exporter decides
 * whether a pod that is marked for deletion still needs its tokens.
 *
 * If the scrape of a node failed, what was recorded last is recorded again: not what ended before.
 */
function heldRecording(record: string, matcher: string): Recording {
  const problem = `satoken_problem{${matcher}}`;
  const series = `max by (${BY.token}, reason) (${problem})`;
  const countOf = (counts: string): string => `sum by (${BY.node}, reason) (${counts})`;
  const count = countOf(`${COUNTS}{${matcher}}`);
  const orNone = (counts: string): string => `(${counts} or 0 * ${count})`;
  // An account explains them, but without series of tokens it cannot inhibit their alerts.
  const explained = countOf(`max by (${BY_SEVERITY}) (satoken_account_problems{${matcher}})`);
  const named = lines(
    `  satoken_problem{${matcher},reason!~"${LATE}"}`,
    `  or satoken_problem{${matcher},reason=~"${LATE}"} unless on (${BY.token}) satoken_problem{reason=~"${ACCOUNT_REASONS.join('|')}"}`,
  );
  const namedCount = lines(`count by (${BY.node}, reason) (max by (${BY.token}, reason) (`, named, '  ))');
  const unnamed = `${count} - ${orNone(explained)} - ${orNone(namedCount)} > 0`;
  const single = `sum by (${BY.token}, reason) (count_over_time(${problem}[${knob('bridge')}])) == 1`;
  const expr = lines(
    `(${series} unless (${single} and on (${BY.node}) ${RARELY_SCRAPED}))`,
    `or (${unnamed} unless (${countOf(`${COUNTS_BEFORE}{${matcher}}`)} == 0 and on (${BY.node}) ${RARELY_SCRAPED}))`,
    `or (${record} unless on (${BY.node}) ${SCRAPED} and on (${BY.node}) ${SEEN})`,
  );
  return { record, expr };
}

export const TOKEN_GROUP: Group = {
  name: 'sa-token-exporter-tokens',
  recordings: [
    SCRAPE_RECORDING,
    { record: EXPORTERS, expr: `count by (${BY.cluster}) (${SEEN})` },
    ...FLEET_RECORDINGS,
    ...COUNT_RECORDINGS,
    heldRecording(HELD, 'severity!="info"'),
    heldRecording(HELD_CRITICAL, 'severity="critical"'),
    heldRecording(HELD_INFO, 'severity="info"'),
  ],
  alerts: [
    ...FLEET_ALERTS,
    ...WORKLOAD_ALERTS,
    ...TIME_ALERTS,
    ...CLUSTER_ALERTS,
    ...ACCOUNT_ALERTS,
    ...TOKEN_ALERTS,
    ...READ_ALERTS,
  ],
};
