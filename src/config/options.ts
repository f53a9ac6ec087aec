/**
 * The table of all options. Flags, environment variables, types, `--help` and the README come from it alone.
 */
import { TOKEN_REVIEW_MODES } from '../core/cluster-facts.ts';
import { RUNBOOKS } from '../core/runbook.ts';
import { PER_TOKEN_MODES } from '../core/token.ts';
import { LOG_FORMATS, LOG_LEVELS } from '../util/log.ts';
import type { Option } from './option.ts';
import * as option from './option.ts';

function row<T>(flag: string, initial: string, help: string, parse: Option<T>['parse']): Option<T> {
  return { flag, default: initial, help, parse, isSwitch: false };
}

function switchRow(flag: string, initial: boolean, help: string): Option<boolean> {
  return { flag, default: String(initial), help, parse: option.yesOrNo, isSwitch: true };
}

const OTHER_PAGES = ['/healthz', '/readyz', '/-/healthy', '/-/ready', '/api/v1/tokens'];

/** Plain segments alone: nothing that a client, a proxy or the router would read as something else. */
function metricsPath(text: string): option.Parsed<string> {
  if (!/^(?:\/[\w-][\w.-]*)+$/.test(text)) return option.problem('must be a path like /metrics');
  return OTHER_PAGES.includes(text) ? option.problem('is taken by another page') : option.ok(text);
}

const HOUR = 3_600;

export const OPTIONS = {
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
    "File of TLS, users, headers and limits, in exporter-toolkit's format.",
    option.printableText,
  ),
  isKubernetesAuth: switchRow(
    'web.kubernetes-auth',
    false,
    'Answer only whom the API server knows and allows to get the path.',
  ),
  probeAddress: row(
    'web.probe-address',
    '',
    'Also serve /healthz and /readyz here, where nobody has to be known.',
    option.optional(option.listenAddress),
  ),
  maxRequests: row(
    'web.max-requests',
    '128',
    'Scrapes answered at the same time; more get 503.',
    option.wholeNumber(1, 10_000),
  ),
  isPageOff: switchRow(
    'web.disable-status-page',
    false,
    'Serve no page of the tokens, at / and /api/v1/tokens.',
  ),
  runbooks: row('runbooks.base-url', '', "Address of runbooks; the project's where empty.", (text) =>
    text === '' ? option.ok(RUNBOOKS) : option.pageAddress(text),
  ),
  logLevel: row('log.level', 'info', `Least to log: ${LOG_LEVELS.join(', ')}.`, option.oneOf(LOG_LEVELS)),
  logFormat: row(
    'log.format',
    'logfmt',
    `Form of log lines: ${LOG_FORMATS.join(', ')}.`,
    option.oneOf(LOG_FORMATS),
  ),
  rootDir: row(
    'kubelet.root-dir',
    '/var/lib/kubelet',
    'Root folder of the kubelet, as seen from here.',
    option.absolutePath,
  ),
  nodeName: row('node-name', '', "The label node; the host's name where empty.", option.printableText),
  rotationGrace: row(
    'rotation.grace',
    '10m',
    'How late a refresh may be before it is overdue; less for short-lived tokens.',
    option.duration(0, 24 * HOUR),
  ),
  scanInterval: row(
    'scan.interval',
    '30s',
    'Longest time between two full passes.',
    option.duration(1, HOUR),
  ),
  isWatching: switchRow('scan.watch', true, 'See changes at once, not at the next pass.'),
  perToken: row(
    'metrics.per-token',
    'all',
    `Tokens with own series: ${PER_TOKEN_MODES.join(', ')}.`,
    option.oneOf(PER_TOKEN_MODES),
  ),
  isRelativeShown: switchRow('metrics.relative', true, 'Ages and times left, beside the timestamps.'),
  audienceRules: row(
    'audience.expect',
    '',
    'YAML file of audiences that tokens should have.',
    option.printableText,
  ),
  useCatalogue: switchRow('audience.catalogue', true, 'Know the audiences of well-known volumes.'),
  clusterMode: row(
    'cluster.mode',
    'auto',
    'Ask the API server: on, off, or auto, where it is configured.',
    option.oneOf(['auto', 'on', 'off']),
  ),
  kubeconfig: row(
    'cluster.kubeconfig',
    '',
    "Its configuration; KUBECONFIG, else the pod's own, where empty.",
    option.printableText,
  ),
  tokenReview: row(
    'cluster.token-review',
    'suspect',
    `Tokens it is asked about: ${TOKEN_REVIEW_MODES.join(', ')}.`,
    option.oneOf(TOKEN_REVIEW_MODES),
  ),
  podUid: row('pod-uid', '', 'The uid of the own pod, to check the own view by.', option.printableText),
  ownToken: row(
    'own-token',
    '/var/run/secrets/kubernetes.io/serviceaccount/token',
    'The token in the own mount.',
    option.absolutePath,
  ),
  output: row('output', 'table', 'Form of what scan prints: table, json.', option.oneOf(['table', 'json'])),
  at: row('at', '', 'Judge at this instant, not now (scan, explain).', option.instant),
} as const;

export type Config = {
  readonly [K in keyof typeof OPTIONS]: (typeof OPTIONS)[K] extends Option<infer T> ? T : never;
};
