/**
 * The table of all options, by group: flags, environment variables, types, `--help` and the table in the README come
 * from it.
 *
 * To add an option, add a row. An option with an empty default is undefined unless it is set.
 */
import { TOKEN_REVIEW_MODES } from '../core/cluster-facts.ts';
import { RUNBOOKS } from '../core/runbook.ts';
import { PER_TOKEN_MODES } from '../core/token/token.ts';
import { LOG_FORMATS, LOG_LEVELS } from '../util/log.ts';
import { err, ok, type Result } from '../util/result.ts';
import type { Option, Parse } from './option.ts';
import * as option from './option.ts';

function row<T>(flag: string, initial: string, help: string, parse: Parse<T>): Option<T> {
  return { flag, default: initial, help, parse, isSwitch: false };
}

function switchRow(
  flag: string,
  initial: boolean,
  help: string,
  parse = option.trueOrFalse,
): Option<boolean> {
  return { flag, default: String(initial), help, parse, isSwitch: true };
}

/** For a flag that disables something, so that its name in the configuration is positive. */
function inverted(text: string): Result<boolean, string> {
  const parsed = option.trueOrFalse(text);
  return parsed.ok ? ok(!parsed.value) : parsed;
}

const OTHER_ENDPOINTS = ['/healthz', '/readyz', '/-/healthy', '/-/ready', '/tokens'];

/** Every cluster lets all accounts get paths of the API server with this first segment. */
const PUBLIC_SEGMENTS = ['api', 'apis', 'healthz', 'livez', 'openapi', 'openid', 'readyz', 'version'];

/** Plain segments only: nothing that a client, a proxy or the router would interpret. */
function metricsPath(text: string): Result<string, string> {
  if (!/^(?:\/[\w-][\w.-]*)+$/.test(text)) return err('must be a path like /metrics');
  const [, segment = ''] = text.split('/');
  if (PUBLIC_SEGMENTS.includes(segment))
    return err(`must not be under /${segment}, which RBAC lets every account get`);
  return OTHER_ENDPOINTS.includes(text) ? err('is the path of another endpoint') : ok(text);
}

const HOUR = 3_600;

const WEB = {
  listenAddress: row(
    'web.listen-address',
    ':9894',
    'Address to listen on, as [HOST]:PORT.',
    option.listenAddress,
  ),
  telemetryPath: row('web.telemetry-path', '/metrics', 'Path of the metrics.', metricsPath),
  webConfig: row(
    'web.config.file',
    '',
    'File with TLS, basic auth, headers and rate limits, in the format of exporter-toolkit.',
    option.optional(option.printableString),
  ),
  isKubernetesAuth: switchRow(
    'web.kubernetes-auth',
    false,
    'Require a bearer token, checked with TokenReview and SubjectAccessReview.',
  ),
  allowedHosts: row(
    'web.allowed-hosts',
    '',
    'Further host names, separated by commas, of requests over the loopback interface, as through a port-forward.',
    option.optional(option.hostNames),
  ),
  probeAddress: row(
    'web.probe-address',
    '',
    'Address that serves /healthz and /readyz without authentication.',
    option.optional(option.listenAddress),
  ),
  maxRequests: row(
    'web.max-requests',
    '128',
    'Maximum number of concurrent scrapes; beyond it, the slowest client is disconnected.',
    option.wholeNumber(1, 10_000),
  ),
  isPageEnabled: switchRow(
    'web.disable-status-page',
    false,
    'Disable the status page at / and its JSON at /tokens.',
    inverted,
  ),
} as const;

const LOGS = {
  runbooks: row(
    'runbooks.base-url',
    '',
    "Base URL of the links to runbooks; if empty, the project's own.",
    (text) => (text === '' ? ok(RUNBOOKS) : option.baseUrl(text)),
  ),
  logLevel: row(
    'log.level',
    'info',
    `Minimum log level: ${LOG_LEVELS.join(', ')}.`,
    option.oneOf(LOG_LEVELS),
  ),
  logFormat: row(
    'log.format',
    'logfmt',
    `Format of log lines: ${LOG_FORMATS.join(', ')}.`,
    option.oneOf(LOG_FORMATS),
  ),
} as const;

const NODE = {
  rootDir: row(
    'kubelet.root-dir',
    '/var/lib/kubelet',
    'Root directory of the kubelet, as the exporter sees it.',
    option.absolutePath,
  ),
  syncFrequency: row(
    'kubelet.sync-frequency',
    '1m',
    "The kubelet's syncFrequency: a working kubelet may rotate a token late by 1.5 times this plus 30s.",
    option.duration(1, HOUR),
  ),
  nodeName: row(
    'node-name',
    '',
    'Name of the Node object: value of the node label, and selects the pods to watch. If empty, the host name.',
    option.optional(option.printableString),
  ),
  scanInterval: row('scan.interval', '30s', 'Maximum time between two full scans.', option.duration(1, HOUR)),
  isWatching: switchRow('scan.watch', true, 'Watch for changes between scans with inotify.'),
  areReadsWatched: switchRow(
    'reads.watch',
    false,
    'Watch who opens token files. Requires Node.js 26.1 or later, and permission for foreign functions and threads.',
  ),
} as const;

const CHECKS = {
  rotationGrace: row(
    'rotation.grace',
    '5m',
    'How late a rotation may be before the token counts as overdue; shorter for tokens of an hour or less.',
    option.duration(0, 24 * HOUR),
  ),
  audienceRules: row(
    'audience.expect',
    '',
    'YAML file with the audiences that tokens are expected to have.',
    option.optional(option.printableString),
  ),
  useCatalogue: switchRow(
    'audience.catalogue',
    true,
    'Check the audience of well-known volumes (IRSA, Vault, Istio, ...).',
  ),
} as const;

const METRICS = {
  perToken: row(
    'metrics.per-token',
    'all',
    `Tokens that get series of their own: ${PER_TOKEN_MODES.join(', ')}.`,
    option.oneOf(PER_TOKEN_MODES),
  ),
  isRelativeShown: switchRow(
    'metrics.relative',
    true,
    'Export ages and remaining times in addition to timestamps.',
  ),
} as const;

const API_SERVER = {
  clusterMode: row(
    'cluster.mode',
    'auto',
    'Use the API server: on, off, or auto (if it is configured).',
    option.oneOf(['auto', 'on', 'off']),
  ),
  kubeconfig: row(
    'cluster.kubeconfig',
    '',
    'Kubeconfig files; if empty, those in KUBECONFIG, else the in-cluster configuration.',
    option.optional(option.printableString),
  ),
  tokenReview: row(
    'cluster.token-review',
    'suspect',
    `Tokens to verify with TokenReview: ${TOKEN_REVIEW_MODES.join(', ')}.`,
    option.oneOf(TOKEN_REVIEW_MODES),
  ),
  usesPods: switchRow('cluster.pods', true, "List and watch the node's pods."),
  usesServiceAccounts: switchRow('cluster.serviceaccounts', true, 'List and watch all service accounts.'),
  usesKeys: switchRow('cluster.keys', true, 'Read the published issuer and signing keys.'),
  usesEvents: switchRow('cluster.events', true, 'Read the events of pods with late or missing tokens.'),
} as const;

const SELF = {
  selfPodUid: row(
    'self.pod-uid',
    '',
    "UID of the exporter's pod. Enables the self-check metrics.",
    option.optional(option.printableString),
  ),
  selfTokenFile: row(
    'self.token-file',
    '/var/run/secrets/kubernetes.io/serviceaccount/token',
    "File with the exporter's token in its own mount.",
    option.absolutePath,
  ),
} as const;

const ONCE = {
  isProblemsOnly: switchRow('problems', false, 'List only tokens with a problem in scan.'),
  output: row('output', 'table', 'Output format of scan: table, json.', option.oneOf(['table', 'json'])),
  at: row(
    'at',
    '',
    'Time at which scan and explain judge the tokens, like 2026-01-31T12:00:00Z or Unix seconds; if empty, now.',
    option.optional(option.time),
  ),
} as const;

export const OPTIONS = {
  ...WEB,
  ...NODE,
  ...CHECKS,
  ...METRICS,
  ...API_SERVER,
  ...SELF,
  ...LOGS,
  ...ONCE,
} as const;

export type OptionGroup =
  | 'Web server'
  | 'Node and scans'
  | 'Checks'
  | 'Metrics'
  | 'API server'
  | 'Self-check'
  | 'Logs and links'
  | 'The commands scan and explain';

/** As in `--help`, in this order. */
export const OPTION_GROUPS: readonly (readonly [title: OptionGroup, options: readonly Option<unknown>[]])[] =
  [
    ['Web server', Object.values(WEB)],
    ['Node and scans', Object.values(NODE)],
    ['Checks', Object.values(CHECKS)],
    ['Metrics', Object.values(METRICS)],
    ['API server', Object.values(API_SERVER)],
    ['Self-check', Object.values(SELF)],
    ['Logs and links', Object.values(LOGS)],
    ['The commands scan and explain', Object.values(ONCE)],
  ];

export type Config = {
  readonly [K in keyof typeof OPTIONS]: (typeof OPTIONS)[K] extends Option<infer T> ? T : never;
};
