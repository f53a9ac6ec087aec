/**
 * Reads the folder of records of `.ci/tests`, prints what took longest to the standard error, and the numbers of passed
 * and failed tests. What was still running counts as failed.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RunRecord, slowestOf, type Times } from './reporter.ts';

const UNSTARTED = { passed: 0, failed: 0, running: 'the loading of the test files' };

function read(file: string): RunRecord {
  const text = readFileSync(file, 'utf8');
  return text === '' ? UNSTARTED : (JSON.parse(text) as RunRecord);
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

function print(title: string, times: Times): void {
  const lines = slowestOf(times).map(([name, ms]) => `${(ms / 1_000).toFixed(1).padStart(8)} s  ${name}`);
  console.error(`\nThe slowest ${title}:\n${lines.join('\n')}`);
}

const folder = process.argv[2] ?? '';
const names = readdirSync(folder);
const records = names.map((name) => read(join(folder, name)));
const ended = records.flatMap(({ slowest }) => slowest ?? []);
print(
  'files',
  ended.flatMap(({ files }) => files),
);
print(
  'tests and hooks',
  ended.flatMap(({ runnables }) => runnables),
);
const unfinished = records.flatMap(({ running }, index) =>
  running === undefined ? [] : [`the run of ${names[index]} ended during ${running}`],
);
if (records.length === 0) unfinished.push('no test was started');
for (const what of unfinished) console.error(`\nFAILED: ${what}`);
console.log(
  sum(records.map(({ passed }) => passed)),
  sum(records.map(({ failed }) => failed)) + unfinished.length,
);
