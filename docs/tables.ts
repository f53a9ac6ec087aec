/**
 * The tables of the documents, made from the tables of the program.
 *
 * Text in, text out: a document has a place for each table it shows, between two comments. Knows no file.
 */
import { CAUSE_COVERAGE, type Coverage, REASON_COVERAGE } from '../alerts/coverage.ts';
import { ALERTS } from '../alerts/groups.ts';
import { KNOBS } from '../alerts/knobs.ts';
import { COMMANDS, environmentName } from '../src/config/load.ts';
import { OPTIONS } from '../src/config/options.ts';
import { CATALOGUE } from '../src/core/catalogue.ts';
import { CHECKS } from '../src/core/checks/index.ts';
import { TOKEN_LABELS } from '../src/metrics/labels.ts';
import { METRICS } from '../src/metrics/rows.ts';
import { LIMITS, type Limits } from '../src/web/server.ts';

type Row = readonly string[];

function table(titles: Row, rows: readonly Row[]): string {
  const lines = [titles, titles.map(() => '---'), ...rows];
  return lines
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
}

function code(text: string): string {
  return `\`${text}\``;
}

/** The labels of a token are one word, explained beside the table. */
function labelCell(labels: readonly string[]): string {
  const isToken = TOKEN_LABELS.every((label) => labels.includes(label));
  const others = isToken ? labels.filter((label) => !TOKEN_LABELS.includes(label)) : labels;
  return [...(isToken ? ['token'] : []), ...others.map(code)].join(', ');
}

function runbook(alert: string): string {
  return `[${alert}](runbooks/${alert}.md)`;
}

function coverageRows(metric: string, coverage: Readonly<Record<string, Coverage>>): readonly Row[] {
  return Object.entries(coverage).map(([value, told]) => [
    code(metric),
    code(value),
    'alert' in told ? runbook(told.alert) : told.silentBecause,
  ]);
}

function seconds(ms: number): string {
  return `${ms / 1_000} s`;
}

/** What each limit is of, and how it is said. */
const LIMIT_WORDS: Readonly<Record<keyof Limits, readonly [of: string, say: (value: number) => string]>> = {
  maxConnections: ['Connections', String],
  maxPerPeer: ['Connections of one address, or of 64 bits of an IPv6 one', String],
  maxHeaderBytes: ['All headers of a request', (bytes) => `${bytes / 1_024} KiB`],
  headersMs: ['Time to send the headers, or to agree on TLS', seconds],
  requestMs: ['Time to send the request', seconds],
  answerMs: ['Time to take the answer', seconds],
  keepAliveMs: ['Time between two requests of a connection', seconds],
  checkMs: ['How much later than these a connection may be closed', seconds],
};

/** Every table by the name of its place. */
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
  checks: () =>
    table(
      ['Reason', 'Severity', 'What is wrong'],
      CHECKS.map(({ reason, severity, summary }) => [code(reason), severity, summary]),
    ),
  commands: () =>
    table(
      ['Command', 'What it does'],
      COMMANDS.map(({ name, operand, help }) => [code([name, operand ?? []].flat().join(' ')), help]),
    ),
  alerts: () =>
    table(
      ['Alert', 'Severity', 'After', 'Summary'],
      ALERTS.map(({ name, severity, for: patience, summary }) => [
        runbook(name),
        severity,
        patience,
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
      ['Knob', 'Value', 'What it is'],
      Object.entries(KNOBS).map(([name, { value, meaning }]) => [code(name), value && code(value), meaning]),
    ),
  limits: () =>
    table(
      ['Limit', 'At most'],
      Object.entries(LIMITS).map(([name, value]) => {
        const [of, say] = LIMIT_WORDS[name as keyof Limits];
        return [of, say(value)];
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

/** The document with every table as it is now. A table that is not known is a mistake in the document. */
export function fillTables(document: string): string {
  return document.replace(PLACE, (_place, start: string, name: string, end: string) => {
    const make = TABLES[name];
    if (make === undefined) throw new Error(`no table ${name}`);
    return `${start}\n${make()}\n\n${end}`;
  });
}
