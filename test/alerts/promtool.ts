/**
 * Cases for `promtool test rules`, and how promtool is asked about all of them at once.
 *
 * Knows the format of its files and how it words a failure, nothing of a rule.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { ALERTS } from '../../alerts/groups.ts';
import { KNOBS, type Severity } from '../../alerts/knobs.ts';
import { runbookUrl } from '../../src/core/runbook.ts';
import { ROOT } from '../docs/documents.ts';
import { dashboardLink } from './dashboard-links.ts';

/** Values of series by name and labels, a sample a minute from 0 on, as promtool writes them. */
export type Series = Readonly<Record<string, string>>;

/** An instance of an alert that fires. */
export interface Firing {
  /** The only one the alert has, unless stated. */
  readonly severity?: Severity;
  readonly labels: Readonly<Record<string, string>>;
  readonly description: string;
  /** To the dashboard; worked out from the labels, unless stated. */
  readonly link?: string;
}

export interface Expectation {
  readonly alert: string;
  /** Minutes. */
  readonly at: number;
  /** All that fire; none: silence. */
  readonly fire: readonly Firing[];
}

export interface Case {
  /** A sentence. */
  readonly it: string;
  readonly series: Series;
  readonly expect: readonly Expectation[];
}

/** Nothing of this alert fires at any of these minutes. */
export function silent(alert: string, ...minutes: readonly number[]): readonly Expectation[] {
  return minutes.map((at) => ({ alert, at, fire: [] }));
}

/** It fires at that minute, and did not one minute before. */
export function fires(alert: string, at: number, ...fire: readonly Firing[]): readonly Expectation[] {
  return [...silent(alert, at - 1), { alert, at, fire }];
}

/** It fires at these minutes, whatever it did before. */
export function keepsFiring(
  alert: string,
  fire: Firing,
  ...minutes: readonly number[]
): readonly Expectation[] {
  return minutes.map((at) => ({ alert, at, fire: [fire] }));
}

function alertOf(alert: string, { severity }: Firing) {
  const found = ALERTS.filter((row) => row.name === alert && (severity ?? row.severity) === row.severity);
  const [row] = found;
  if (row === undefined || found.length > 1) throw new Error(`${found.length} alerts ${alert} ${severity}`);
  return row;
}

function ruleTest({ alert, at, fire }: Expectation) {
  return {
    eval_time: `${at}m`,
    alertname: alert,
    exp_alerts: fire.map((one) => {
      const row = alertOf(alert, one);
      return {
        exp_labels: { ...one.labels, severity: row.severity },
        exp_annotations: {
          summary: row.summary,
          description: one.description,
          runbook_url: runbookUrl(KNOBS.runbooks.value, alert),
          dashboard_url: one.link ?? dashboardLink(row, one.labels),
        },
      };
    }),
  };
}

function testFile(cases: readonly Case[]): string {
  return stringify({
    rule_files: [join(ROOT, 'alerts/rules.yaml')],
    evaluation_interval: '1m',
    tests: cases.map(({ it, series, expect }) => ({
      name: it,
      interval: '1m',
      input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
      alert_rule_test: expect.map(ruleTest),
    })),
  });
}

export interface Answer {
  readonly isPassed: boolean;
  /** What went wrong with a case; empty where nothing did. */
  readonly failuresOf: (title: string) => string;
  readonly output: string;
}

/** One run for all cases: promtool takes its time to start. */
export function testRules(promtool: string, cases: readonly Case[]): Answer {
  const folder = mkdtempSync(join(tmpdir(), 'satoken-promtool-'));
  try {
    const file = join(folder, 'test.yaml');
    writeFileSync(file, testFile(cases));
    const { status, stdout, stderr, error } = spawnSync(promtool, ['test', 'rules', file], {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    const output = error === undefined ? stdout + stderr : String(error);
    const failures = output.split(/^\s+name: /m).slice(1);
    return {
      isPassed: status === 0,
      failuresOf: (title) => failures.filter((text) => text.startsWith(`${title},\n`)).join('\n'),
      output,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
