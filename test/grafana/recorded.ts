/**
 * The recorded hour in a Prometheus of each version, for all suites of a run.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PROMTOOL_3 } from '../support/tools.ts';
import { type Prometheus, startPrometheus } from './prometheus.ts';
import { recordHour } from './recording.ts';
import { STEP } from './script.ts';

export const PROGRAMS = [
  { title: 'the installed Prometheus', program: 'prometheus', tools: ['prometheus', 'promtool'] },
  {
    title: 'Prometheus 3',
    program: join(dirname(PROMTOOL_3), 'prometheus'),
    tools: ['promtool', 'promtool 3 (.ci/prometheus3)'],
  },
] as const;

const folder = mkdtempSync(join(tmpdir(), 'satoken-hour-'));
let recorded: Promise<string> | undefined;

process.once('exit', () => rmSync(folder, { recursive: true }));

/** Recorded once. */
async function recording(): Promise<string> {
  const data = join(folder, 'data');
  recorded ??= recordHour(folder, data).then(() => data);
  return recorded;
}

export async function startRecorded(program: string): Promise<Prometheus> {
  return startPrometheus(program, folder, await recording(), 1.5 * STEP);
}
