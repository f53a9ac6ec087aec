/**
 * What must hold after every round: the program runs, its output is well-formed, and nothing is in it twice.
 */

import { expositionProblems } from '../support/exposition-problems.ts';
import type { Program } from '../support/program.ts';

export interface Failures {
  readonly throws: readonly string[];
  readonly duplicates: readonly string[];
}

interface Report {
  readonly tokens: readonly Readonly<Record<string, unknown>>[];
  readonly missing: readonly Readonly<Record<string, unknown>>[];
  readonly unreadable: readonly Readonly<Record<string, unknown>>[];
}

const OPENMETRICS = { accept: 'application/openmetrics-text;version=1.0.0' };
/** What identifies an entry of the JSON report. */
const IDENTITY = ['podUid', 'volume', 'path', 'reason', 'detail'];

async function get(
  program: Program,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const response = await fetch(program.url + path, { headers });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${text}`);
  return text;
}

function repeatedIn(list: string, entries: readonly Readonly<Record<string, unknown>>[]): readonly string[] {
  const keys = entries.map((entry) => JSON.stringify(IDENTITY.map((name) => entry[name])));
  return keys.filter((key, index) => keys.indexOf(key) !== index).map((key) => `${list}: ${key}`);
}

function repeatedInReport(text: string): readonly string[] {
  const { tokens, missing, unreadable } = JSON.parse(text) as Report;
  return [
    ...repeatedIn('tokens', tokens),
    ...repeatedIn('missing', missing),
    ...repeatedIn('unreadable', unreadable),
  ];
}

function internalErrors(exposition: string): readonly string[] {
  return exposition.split('\n').filter((line) => /^satoken_exporter_errors_total\{.*\} (?!0$)/.test(line));
}

/** Lines that only a bug prints, or Node.js and not the exporter. */
function loggedBugs(printed: string): readonly string[] {
  return printed
    .split('\n')
    .filter((line) => /level=error|^\s+at |node:internal|FATAL ERROR|^\(node:\d+\)/.test(line));
}

/** Looks at every page of the program. */
export async function check(program: Program): Promise<Failures> {
  const text = await get(program, '/metrics');
  const openMetrics = await get(program, '/metrics', OPENMETRICS);
  const report = await get(program, '/tokens');
  await get(program, '/');
  await get(program, '/healthz');
  return {
    throws: [...internalErrors(text), ...loggedBugs(program.printed())],
    duplicates: [
      ...expositionProblems(text, 'text'),
      ...expositionProblems(openMetrics, 'openmetrics'),
      ...repeatedInReport(report),
    ],
  };
}

/** Whether the metrics show the healthy token that expires at this time. */
export async function shows(program: Program, podUid: string, expiresAt: number): Promise<boolean> {
  const text = await get(program, '/metrics');
  return text
    .split('\n')
    .some(
      (line) =>
        line.startsWith('satoken_expiration_timestamp_seconds{') &&
        line.includes(`pod_uid="${podUid}"`) &&
        line.endsWith(` ${expiresAt}`),
    );
}
