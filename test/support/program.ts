/**
 * Runs the program from its sources in a separate process.
 */
import { type ChildProcess, execFileSync, type SpawnOptionsWithoutStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMemoryCgroup } from './memory-cgroup.ts';

const ROOT = new URL('../../', import.meta.url).pathname;
export const MAIN = join(ROOT, 'src/main.ts');
/** The folder of the built program. */
export const DIST = join(ROOT, 'dist');
const BUILT = join(DIST, 'main.js');
const ANY_PORT = '--web.listen-address=127.0.0.1:0';
const LISTENING = /msg=listening address=\S+ port=(\d+) tls=(\w+)/;

export interface Program {
  readonly url: string;
  readonly process: ChildProcess;
  /** Everything printed so far. */
  readonly printed: () => string;
  /** Waits for output that matches. Rejects if the program exits first. */
  readonly says: (pattern: RegExp) => Promise<RegExpExecArray>;
  /** Sends SIGTERM and returns the exit code. */
  readonly stop: () => Promise<number | null>;
}

/** Builds the program in that folder: other suites run the one in `DIST` at the same time. */
export function buildProgram(folder: string): void {
  execFileSync(process.execPath, ['build.ts', folder], { cwd: ROOT });
}

/** Starts a command that listens; resolves once its initial scan is complete. */
export function startProgram(...args: readonly string[]): Promise<Program> {
  return start([MAIN], args, {});
}

/** Like `startProgram`, with the program that is built in that folder. */
export function startProgramOf(folder: string, ...args: readonly string[]): Promise<Program> {
  return start([join(folder, 'main.js')], args, {});
}

/** Like `startProgramWith`, with the program in `DIST`, which must exist. */
export function startBuiltProgramWith(
  variables: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<Program> {
  return start([BUILT], args, variables);
}

export interface LimitedProgram extends Program {
  /**
   * The most memory that it used: by the counter of its memory cgroup, or its resident memory if that is more. The counter
   * includes what the kernel holds for it, but not the pages of files that another process has read first.
   */
  readonly peakBytes: () => number;
  /** How often the kernel killed it at the limit of the cgroup. */
  readonly kills: () => number;
}

/** Like `startProgramOf` with `DIST`, in a memory cgroup with the limit of the manifest if this machine allows one. */
export async function startLimitedProgram(...args: readonly string[]): Promise<LimitedProgram> {
  const cgroup = createMemoryCgroup();
  const enter = cgroup && ['/bin/sh', '-c', 'echo $$ > "$0" && exec "$@"', cgroup.processes];
  const program = await startNode([BUILT, ...args, ANY_PORT], {}, enter);
  const residentBytes = (): number => {
    const status = readFileSync(`/proc/${program.process.pid}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1_024;
  };
  return {
    ...program,
    peakBytes: () => Math.max(residentBytes(), cgroup?.peakBytes() ?? 0),
    kills: cgroup?.kills ?? (() => 0),
    stop: async () => {
      const code = await program.stop();
      cgroup?.remove();
      return code;
    },
  };
}

/** Like `startProgram`, with flags for Node.js. */
export function startProgramUnder(flags: readonly string[], ...args: readonly string[]): Promise<Program> {
  return start([...flags, MAIN], args, {});
}

/** Like `startProgram`, with additional variables. */
export function startProgramWith(
  variables: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<Program> {
  return start([MAIN], args, variables);
}

function start(
  program: readonly string[],
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<Program> {
  return startNode([...program, ...args, ANY_PORT], {
    env: { ...process.env, ...variables },
  });
}

/** The line of the log after the first scan. */
export const SCANNED = /msg="(?:initial scan complete|cannot list the pods)"/;

/** Starts Node.js with the program among the arguments, by way of a command that executes its arguments. */
export async function startNode(
  args: readonly string[],
  options: Pick<SpawnOptionsWithoutStdio, 'cwd' | 'env'>,
  by: readonly string[] = [],
): Promise<Program> {
  const [command = process.execPath, ...rest] = [...by, process.execPath, ...args];
  const child = spawn(command, rest, options);
  const ended = once(child, 'exit');
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      child.emit('printed');
    });
  }
  const says = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const found = pattern.exec(output);
      if (found !== null) return found;
      if (child.exitCode !== null) throw new Error(`exited with ${child.exitCode}: ${output}`);
      await Promise.race([once(child, 'printed'), ended]);
    }
  };
  const [, port = '', tls] = await says(LISTENING);
  await says(SCANNED);
  const stop = async (): Promise<number | null> => {
    child.kill('SIGTERM');
    const [code] = (await ended) as [number | null];
    return code;
  };
  const scheme = tls === 'true' ? 'https' : 'http';
  return { url: `${scheme}://127.0.0.1:${port}`, process: child, printed: () => output, says, stop };
}
