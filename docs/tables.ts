/**
 * The tables of the documents, generated from the tables of the program.
 *
 * Text in, text out: a document marks the place of each table with two comments.
 */
import { readFileSync } from 'node:fs';
import { CAUSE_COVERAGE, type Coverage, REASON_COVERAGE } from '../alerts/coverage.ts';
import { ALERTS } from '../alerts/groups.ts';
import { KNOBS } from '../alerts/knobs.ts';
import { LAYERS } from '../lint/layers.ts';
import { COMMANDS, environmentName } from '../src/config/load.ts';
import { OPTIONS } from '../src/config/options.ts';
import { CATALOGUE } from '../src/core/audiences/catalogue.ts';
import { CHECKS, POD_CHECKS, SEVERITY_ROWS } from '../src/core/checks/index.ts';
import { ORIGIN_EVIDENCE, ORIGINS } from '../src/core/origin.ts';
import { ALWAYS } from '../src/core/problems/severity.ts';
import { TOKEN_LABELS } from '../src/metrics/labels.ts';
import { METRICS } from '../src/metrics/rows.ts';
import { LIMITS, type Limits } from '../src/web/server.ts';
import { valuesTable } from './chart-readme.ts';
import { code, type Row, table } from './markdown.ts';

const VALUES = readFileSync(new URL('../daemonset/chart/values.yaml', import.meta.url), 'utf8');

/** `token` stands for the labels of a token; the README explains it above the table. */
function labelCell(labels: readonly string[]): string {
  const isToken = TOKEN_LABELS.every((label) => labels.includes(label));
  const others = isToken ? labels.filter((label) => !TOKEN_LABELS.includes(label)) : labels;
  return [...(isToken ? ['token'] : []), ...others.map(code)].join(', ');
}

function runbook(alert: string): string {
  return `[${alert}](runbooks/${alert}.md)`;
}

function coverageRows(metric: string, coverage: Readonly<Record<string, Coverage>>): readonly Row[] {
  return Object.entries(coverage).map(([value, covered]) => [
    code(metric),
    code(value),
    'alert' in covered ? runbook(covered.alert) : covered.silentBecause,
  ]);
}

/** One row per reason; a reason that a pod and a token can have is described for the token. */
function checkRows(): readonly Row[] {
  const checks = new Map([...POD_CHECKS, ...CHECKS].map((check) => [check.reason, check]));
  return SEVERITY_ROWS.map(({ reason, severity, condition }) => [
    code(reason),
    severity,
    condition === ALWAYS ? '' : condition,
    checks.get(reason)?.summary ?? '',
  ]);
}

function seconds(ms: number): string {
  return `${ms / 1_000} s`;
}

/** The name of each limit, and the format of its value. */
const LIMIT_CELLS: Readonly<
  Record<keyof Limits, readonly [name: string, format: (value: number) => string]>
> = {
  maxConnections: ['Connections', String],
  maxPerClient: ['Connections from one address (one /64 for IPv6)', String],
  maxHeaderBytes: ['Size of all headers of a request', (bytes) => `${bytes / 1_024} KiB`],
  headersMs: ['Time to send the headers, or for the TLS handshake', seconds],
  requestMs: ['Time to send the request', seconds],
  responseMs: ['Time to receive the response', seconds],
  keepAliveMs: ['Idle time between two requests on a connection', seconds],
  maxBytes: [
    'Size of all metrics that clients have yet to read; the same for pages and JSON',
    (bytes) => `${bytes / 1_048_576} MiB`,
  ],
  maxQueuedBytes: [
    'Size of all responses that the kernel holds for clients',
    (bytes) => `${bytes / 1_048_576} MiB`,
  ],
  checkMs: ['Delay until a connection over these limits is closed', seconds],
};

/** Every table by the name in its comment. */
const TABLES: Readonly<Record<string, () => string>> = {
  metrics: () =>
    table(
      ['Metric', 'Type', 'Labels', 'Meaning'],
      METRICS.map(({ name, type, labels, help }) => [code(name), type, labelCell(labels), help]),
    ),
  options: () =>
    table(
      ['Option', 'Default', 'Environment', 'Meaning'],
      Object.values(OPTIONS).map(({ flag, default: initial, help, isSwitch }) => [
        code(`--${isSwitch ? '[no-]' : ''}${flag}`),
        initial && code(initial),
        code(environmentName(flag)),
        help,
      ]),
    ),
  checks: () => table(['Reason', 'Severity', 'If', 'What is wrong'], checkRows()),
  origins: () =>
    table(
      ['Origin', 'Evidence', 'Checks'],
      ORIGINS.map((origin) => {
        const checks = CHECKS.filter(({ appliesTo }) => appliesTo.some((one) => one === origin));
        const reasons = checks.map(({ reason }) => code(reason)).join(', ');
        return [code(origin), ORIGIN_EVIDENCE[origin], checks.length === CHECKS.length ? 'all' : reasons];
      }),
    ),
  commands: () =>
    table(
      ['Command', 'What it does'],
      COMMANDS.map(({ name, operand, help }) => [code([name, operand ?? []].flat().join(' ')), help]),
    ),
  alerts: () =>
    table(
      ['Alert', 'Severity', 'For', 'Summary'],
      ALERTS.map(({ name, severity, for: duration, summary }) => [
        runbook(name),
        severity,
        duration,
        summary,
      ]),
    ),
  coverage: () =>
    table(
      ['Metric', 'Value', 'Alert'],
      [
        ...coverageRows('satoken_problem', REASON_COVERAGE),
        ...coverageRows('satoken_overdue_cause', CAUSE_COVERAGE),
      ],
    ),
  knobs: () =>
    table(
      ['Knob', 'Value', 'Meaning'],
      Object.entries(KNOBS).map(([name, { value, meaning }]) => [code(name), value && code(value), meaning]),
    ),
  limits: () =>
    table(
      ['Limit', 'Maximum'],
      Object.entries(LIMITS).map(([name, value]) => {
        const [label, format] = LIMIT_CELLS[name as keyof Limits];
        return [label, format(value)];
      }),
    ),
  values: () => valuesTable(VALUES),
  layers: () =>
    table(
      ['Layer', 'May import'],
      [...LAYERS].reverse().map(({ name, level }) => {
        const below = LAYERS.filter((other) => other.level < level).reverse();
        return [code(name), below.map((other) => code(other.name)).join(', ')];
      }),
    ),
  catalogue: () =>
    table(
      ['Volume', 'Path', 'Accepted audiences'],
      CATALOGUE.map(({ volume, path, audiences }) => [
        code(volume),
        code(path),
        audiences.map(code).join(', '),
      ]),
    ),
};

const PLACE = /(<!-- table: (\w+) -->\n).*?(<!-- end -->)/gs;

/** Returns the document with current tables. Throws if it names a table that does not exist. */
export function fillTables(document: string): string {
  return document.replace(PLACE, (_place, start: string, name: string, end: string) => {
    const make = TABLES[name];
    if (make === undefined) throw new Error(`no table ${name}`);
    return `${start}\n${make()}\n\n${end}`;
  });
}
