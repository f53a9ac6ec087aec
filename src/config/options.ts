/**
 * The table of all options. Flags, environment variables, types, `--help` and the README come from it alone.
 */
import { PER_TOKEN_MODES } from '../exposition/families.ts';
import { LOG_FORMATS, LOG_LEVELS } from '../log.ts';
import type { Option } from './option.ts';
import * as option from './option.ts';

function row<T>(flag: string, initial: string, help: string, parse: Option<T>['parse']): Option<T> {
  return { flag, default: initial, help, parse, isSwitch: false };
}

function switchRow(flag: string, initial: boolean, help: string): Option<boolean> {
  return { flag, default: String(initial), help, parse: option.yesOrNo, isSwitch: true };
}

function metricsPath(text: string): option.Parsed<string> {
  if (text === '/' || /^\/(healthz|readyz|-\/healthy|-\/ready)$/.test(text))
    return option.problem('is taken by another page');
  return /^\/[\w./-]*$/.test(text) ? option.ok(text) : option.problem('must be a path like /metrics');
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
  maxRequests: row(
    'web.max-requests',
    '40',
    'Scrapes answered at the same time; more get 503.',
    option.wholeNumber(1, 10_000),
  ),
  logLevel: row(
    'log.level',
    'info',
    `Least severe lines to log: ${LOG_LEVELS.join(', ')}.`,
    option.oneOf(LOG_LEVELS),
  ),
  logFormat: row(
    'log.format',
    'logfmt',
    `Form of log lines: ${LOG_FORMATS.join(', ')}.`,
    option.oneOf(LOG_FORMATS),
  ),
  rootDir: row(
    'kubelet.root-dir',
    '/var/lib/kubelet',
    "The kubelet's root folder, as seen by the exporter.",
    option.absolutePath,
  ),
  nodeName: row('node-name', '', 'Value of the label node; the host name where empty.', option.anyText),
  rotationGrace: row(
    'rotation.grace',
    '10m',
    'How late a refresh may be before it is overdue; less for short-lived tokens.',
    option.duration(0, 24 * HOUR),
  ),
  scanInterval: row(
    'scan.interval',
    '30s',
    'Longest time between two passes over the whole node.',
    option.duration(1, HOUR),
  ),
  isWatching: switchRow('scan.watch', true, 'Watch volumes, to see changes before the next pass.'),
  perToken: row(
    'metrics.per-token',
    'all',
    `Tokens with series of their own: ${PER_TOKEN_MODES.join(', ')}.`,
    option.oneOf(PER_TOKEN_MODES),
  ),
  isRelativeShown: switchRow(
    'metrics.relative',
    true,
    'Export age, time to expiry and rotation overdue beside the timestamps.',
  ),
  audienceRules: row(
    'audience.expect',
    '',
    'YAML file with the audiences that tokens are expected to have.',
    option.anyText,
  ),
  useCatalogue: switchRow(
    'audience.catalogue',
    true,
    'Expect of well-known volumes the audiences of their services.',
  ),
  output: row('output', 'table', 'Form of what scan prints: table, json.', option.oneOf(['table', 'json'])),
  at: row(
    'at',
    '',
    'Instant that scan and explain judge at, for a copy of a node; now where empty.',
    option.instant,
  ),
} as const;

export type Config = {
  readonly [K in keyof typeof OPTIONS]: (typeof OPTIONS)[K] extends Option<infer T> ? T : never;
};
