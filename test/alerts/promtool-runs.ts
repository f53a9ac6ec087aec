/**
 * Runs of `promtool test rules`, in all versions of Prometheus at the same time: each takes little more than one core.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROMTOOLS } from '../support/tools.ts';

/** Contents by file name. */
type Files = Readonly<Record<string, string>> & { readonly 'test.yaml': string };

interface PromtoolRun {
  /** Undefined if it did not end by itself. */
  readonly status: number | undefined;
  readonly output: string;
}

const MAX_OUTPUT = 1024 ** 3;

function start(promtool: string, files: Files): Promise<PromtoolRun> {
  const folder = mkdtempSync(join(tmpdir(), 'satoken-promtool-'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  const args = ['test', 'rules', join(folder, 'test.yaml')];
  return new Promise<PromtoolRun>((resolve) => {
    execFile(promtool, args, { maxBuffer: MAX_OUTPUT }, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      const hasEnded = typeof code === 'number';
      resolve({
        status: hasEnded ? code : undefined,
        output: hasEnded ? stdout + stderr : `${error}`,
      });
    });
  }).finally(() => rmSync(folder, { recursive: true }));
}

const lastRuns = new Map<string, Promise<unknown>>();

/** One run of each version at a time: it may load as many samples as fit into the memory of a small machine. */
function startNext(promtool: string, files: Files): Promise<PromtoolRun> {
  const last = lastRuns.get(promtool) ?? Promise.resolve();
  const next = last.then(() => start(promtool, files));
  lastRuns.set(promtool, next);
  return next;
}

/** Runs of the other versions, until they are needed. */
const started = new Map<string, Promise<PromtoolRun>>();

/** Runs `test.yaml`, whose other files are next to it. A run of one version starts those of the others as well. */
export function runTestFile(promtool: string, files: Files, others = PROMTOOLS): Promise<PromtoolRun> {
  const hash = createHash('sha256').update(JSON.stringify(files)).digest('hex');
  const keyOf = (program: string): string => `${program} ${hash}`;
  const running = started.get(keyOf(promtool));
  started.delete(keyOf(promtool));
  if (running !== undefined) return running;
  for (const other of others)
    if (other.promtool !== promtool) started.set(keyOf(other.promtool), startNext(other.promtool, files));
  return startNext(promtool, files);
}
