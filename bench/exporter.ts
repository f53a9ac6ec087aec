/**
 * The built program in a separate process, on a simulated node.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { createInterface, type Interface } from 'node:readline';
import { text } from 'node:stream/consumers';

export interface Exporter {
  readonly scrape: () => Promise<string>;
  /** Resident memory in bytes. */
  readonly memory: () => number;
  /** CPU time in milliseconds that its threads have taken. */
  readonly cpuMs: () => number;
  /** Calls the function with each line of the log, until the returned function is called. */
  readonly onLogLine: (listener: (line: string) => void) => () => void;
  readonly stop: () => Promise<void>;
}

/** Resident memory of a process, in bytes (proc_pid_status(5)). */
export function residentMemory({ pid }: ChildProcess): number {
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1_024;
}

/** By the scheduler, in nanoseconds (linux/Documentation/scheduler/sched-stats.rst). Threads that have ended are not in it. */
export function cpuTimeMs({ pid }: ChildProcess): number {
  const threads = readdirSync(`/proc/${pid}/task`).map((thread) => {
    const [onCpu] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ');
    return Number(onCpu) / 1e6;
  });
  return threads.reduce((sum, ms) => sum + ms, 0);
}

function portOf(lines: Interface): Promise<number> {
  return new Promise((resolve, reject) => {
    lines.on('line', (line) => {
      const [, port] = /msg=listening .*port=(\d+)/.exec(line) ?? [];
      if (port !== undefined) resolve(Number(port));
    });
    lines.once('close', () => reject(new Error('the exporter ended before it listened')));
  });
}

/** Starts `dist/main.js serve` and waits until it is ready. */
export async function startExporter(rootDir: string, ...options: string[]): Promise<Exporter> {
  const args = ['dist/main.js', 'serve', `--kubelet.root-dir=${rootDir}`, '--web.listen-address=127.0.0.1:0'];
  const child = spawn(process.execPath, [...args, ...options], { stdio: ['ignore', 'ignore', 'pipe'] });
  const lines = createInterface({ input: child.stderr });
  const port = await portOf(lines);
  const agent = new Agent({ keepAlive: true });
  const request = async (path: string) => {
    const [response] = await once(get({ port, path, agent, host: '127.0.0.1' }), 'response');
    return { status: Number(response.statusCode), body: await text(response) };
  };
  while ((await request('/readyz')).status !== 200);
  return {
    scrape: async () => (await request('/metrics')).body,
    memory: () => residentMemory(child),
    cpuMs: () => cpuTimeMs(child),
    onLogLine: (listener) => {
      lines.on('line', listener);
      return () => lines.off('line', listener);
    },
    stop: async () => {
      agent.destroy();
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}
