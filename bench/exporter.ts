/**
 * The built program in a separate process, on a simulated node.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

export interface Exporter {
  readonly scrape: () => Promise<string>;
  /** Resident memory in bytes. */
  readonly memory: () => number;
  readonly stop: () => Promise<void>;
}

/** Resident memory of a process, in bytes (proc_pid_status(5)). */
export function residentMemory({ pid }: ChildProcess): number {
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1_024;
}

async function portOf(child: ChildProcess): Promise<number> {
  if (child.stderr === null) throw new Error('the exporter has no log');
  for await (const line of createInterface({ input: child.stderr })) {
    const [, port] = /msg=listening .*port=(\d+)/.exec(line) ?? [];
    if (port !== undefined) return Number(port);
  }
  throw new Error('the exporter ended before it listened');
}

/** Starts `dist/main.js serve` and waits until it is ready. */
export async function startExporter(rootDir: string, ...options: string[]): Promise<Exporter> {
  const args = ['dist/main.js', 'serve', `--kubelet.root-dir=${rootDir}`, '--web.listen-address=127.0.0.1:0'];
  const child = spawn(process.execPath, [...args, ...options], { stdio: ['ignore', 'ignore', 'pipe'] });
  const port = await portOf(child);
  child.stderr?.resume();
  const agent = new Agent({ keepAlive: true });
  const request = async (path: string) => {
    const [response] = await once(get({ port, path, agent, host: '127.0.0.1' }), 'response');
    return { status: Number(response.statusCode), body: await text(response) };
  };
  while ((await request('/readyz')).status !== 200);
  return {
    scrape: async () => (await request('/metrics')).body,
    memory: () => residentMemory(child),
    stop: async () => {
      agent.destroy();
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}
