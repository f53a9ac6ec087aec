/**
 * Cases for `promtool test rules`, and one run of promtool for any number of them.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
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
  WORKLOAD_TIMES,
} from '../../alerts/details.ts';
import { ALERTS } from '../../alerts/groups.ts';
import { KNOBS, type Severity } from '../../alerts/knobs.ts';
import {
  ACCOUNT,
  type Alert,
  CONTROLLER,
  IN_NAMESPACE,
  MISSING_EXPORTER,
  TOKEN,
  WORKLOAD,
} from '../../alerts/rule.ts';
import { REASONS } from '../../src/core/checks/index.ts';
import { runbookUrl } from '../../src/core/runbook.ts';
import { ROOT } from '../docs/documents.ts';
import { PROMTOOLS } from '../support/tools.ts';
import { dashboardLink } from './dashboard-links.ts';
import { runTestFile } from './promtool-runs.ts';

/** Values of series by name and labels: one sample per minute from 0 on, in the notation of promtool. */
export type Series = Readonly<Record<string, string>>;

/** An instance of an alert that fires. */
export interface Firing {
  /** Required if the alert exists at two severities. */
  readonly severity?: Severity;
  readonly labels: Readonly<Record<string, string>>;
  /** What the description prints for its templates; the rest of it is in the row of the alert. */
  readonly prints?: {
    /** What it is about, at its beginning. */
    readonly subject?: string;
    /** `$value`, formatted. */
    readonly value?: string;
    /** The sentence that lists the results of a query; by default the query has no results. */
    readonly list?: string;
    /** The sentence that says since when. */
    readonly seen?: string;
    /** The sentence on the first token of a node. */
    readonly first?: string;
    /** The arguments of kubectl that select the exporter's pod; by default it is not known. */
    readonly exporter?: string;
  };
  /** The URL of the dashboard; by default computed from the labels. */
  readonly link?: string;
}

export interface Expectation {
  readonly alert: string;
  /** Minutes. */
  readonly at: number;
  /** All instances that fire. */
  readonly fire: readonly Firing[];
}

export interface Case {
  readonly it: string;
  readonly series: Series;
  readonly expect: readonly Expectation[];
}

/** The alert does not fire at any of these minutes. */
export function silent(alert: string, ...minutes: readonly number[]): readonly Expectation[] {
  return minutes.map((at) => ({ alert, at, fire: [] }));
}

/** The alert fires at that minute, but not one minute before. */
export function fires(alert: string, at: number, ...fire: readonly Firing[]): readonly Expectation[] {
  return [...silent(alert, at - 1), { alert, at, fire }];
}

/** The alert fires at these minutes. */
export function keepsFiring(
  alert: string,
  fire: Firing,
  ...minutes: readonly number[]
): readonly Expectation[] {
  return minutes.map((at) => ({ alert, at, fire: [fire] }));
}

function alertOf(alert: string, { severity }: Firing): Alert {
  const found = ALERTS.filter((row) => row.name === alert && (severity ?? row.severity) === row.severity);
  const [row] = found;
  if (row === undefined || found.length > 1) throw new Error(`${found.length} alerts ${alert} ${severity}`);
  return row;
}

const EXPLAINS = REASONS.flatMap((reason) => [explainFirst(reason), explainFirst(reason, INFO_PODS_QUERY)]);
const PAGES = [
  pageOfFirst('not_reread'),
  ...(['not_reread', 'unread'] as const).map((reason) => pageOfFirst(reason, INFO_PODS_QUERY)),
];
const ALL_SEEN = [
  BEGAN,
  FIRST_SEEN,
  ...REASONS.flatMap((reason) => [seenInAccount(reason), seenInCluster(reason)]),
];

/** What templates print, in order: parts follow the templates that contain them. Queries have no results by default. */
function printed({ labels, prints = {} }: Firing): readonly (readonly [readonly string[], string])[] {
  const {
    subject = '',
    list = '',
    seen = '',
    first = '',
    exporter = '-n sa-token-exporter EXPORTER',
  } = prints;
  const { pod_uid: uid, namespace, pod = uid } = labels;
  const command = ` Details: kubectl exec ${exporter} -- sa-token-exporter`;
  const explain = `${command} explain ${namespace}/`;
  const page = ` Details: kubectl port-forward ${exporter} 9894, then http://localhost:9894/?q=api-0`;
  return [
    [[WORKLOAD, ACCOUNT, TOKEN, IN_NAMESPACE, MISSING_EXPORTER, CONTROLLER], subject],
    [[TIMES, WORKLOAD_TIMES], list],
    [ALL_SEEN, seen],
    [[FIRST_REJECTED], first],
    [[EXPLAIN], uid === undefined ? `${command} scan` : `${explain}${pod}`],
    [[SCAN], `${command} scan`],
    [EXPLAINS, namespace === undefined ? '' : `${explain}api-0`],
    [PAGES, namespace === undefined ? '' : page],
  ];
}

/** The description of a row with its templates replaced by what they should print. */
function expectedDescription({ description }: Alert, firing: Firing): string {
  const { labels, prints: { value = '', list = '' } = {} } = firing;
  const text = printed(firing)
    .reduce(
      (rest, [templates, text]) =>
        templates.reduce((one, template) => one.replace(template, () => text), rest),
      description,
    )
    .replace(/\{\{ with query .*\{\{ end \}\}/, () => list)
    .replace(/\{\{ (?:printf "[^"]*" )?\$value \}\}/g, () => value)
    .replace(/\{\{ \$labels\.(\w+) \}\}/g, (_template, label: string) => labels[label] ?? '');
  assert.doesNotMatch(text, /\{\{/);
  return text;
}

function ruleTest({ alert, at, fire }: Expectation) {
  return {
    eval_time: `${at}m`,
    alertname: alert,
    exp_alerts: fire.map((firing) => {
      const row = alertOf(alert, firing);
      return {
        exp_labels: { ...firing.labels, severity: row.severity },
        exp_annotations: {
          summary: row.summary,
          description: expectedDescription(row, firing),
          runbook_url: runbookUrl(KNOBS.runbooks.value, alert),
          dashboard_url: firing.link ?? dashboardLink(row, firing.labels),
        },
      };
    }),
  };
}

function testOf({ it, series, expect }: Case) {
  return {
    name: it,
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    alert_rule_test: expect.map(ruleTest),
  };
}

/** Runs tests of rules, both given as they are written. */
export function runPromtool(promtool: string, rules: string, tests: object, others = PROMTOOLS) {
  const test = stringify({ rule_files: ['rules.yaml'], ...tests });
  return runTestFile(promtool, { 'rules.yaml': rules, 'test.yaml': test }, others);
}

export interface TestRun {
  readonly isPassed: boolean;
  /** The output for one case; empty if it passed. */
  readonly failuresOf: (title: string) => string;
  readonly output: string;
}

/** Runs all cases in one process. */
export async function testRules(
  promtool: string,
  cases: readonly Case[],
  rules = readFileSync(join(ROOT, 'alerts/rules.yaml'), 'utf8'),
): Promise<TestRun> {
  const tests = { evaluation_interval: '1m', tests: cases.map(testOf) };
  const { status, output } = await runPromtool(promtool, rules, tests);
  const failures = output.split(/^\s+name: /m).slice(1);
  return {
    isPassed: status === 0,
    failuresOf: (title) => failures.filter((text) => text.startsWith(`${title},\n`)).join('\n'),
    output,
  };
}
