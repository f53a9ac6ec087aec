/**
 * A Prometheus of any version over recorded data: it scrapes nothing and answers questions of then.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../support/free-port.ts';

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
}

export interface Answer {
  readonly status: 'success' | 'error';
  readonly error?: string;
  /** What is questionable about a question that was answered. */
  readonly warnings?: readonly string[];
  readonly infos?: readonly string[];
  readonly data?: { readonly result: readonly Series[] };
}

export interface Prometheus {
  readonly query: (expr: string, at: number) => Promise<Answer>;
  readonly queryRange: (expr: string, from: number, to: number, step: number) => Promise<Answer>;
  readonly stop: () => Promise<void>;
}

async function isReady(child: ChildProcess): Promise<void> {
  if (child.stderr === null) throw new Error('no log');
  const said: string[] = [];
  for await (const line of createInterface(child.stderr)) {
    said.push(line);
    if (line.includes('ready to receive')) break;
  }
  if (child.exitCode !== null) throw new Error(said.join('\n'));
  child.stderr.resume();
}

/** `lookback` is a little more than a scrape interval: the recording has no marks of where a series ended. */
export async function startPrometheus(
  program: string,
  folder: string,
  data: string,
  lookback: number,
): Promise<Prometheus> {
  const config = join(folder, 'prometheus.yml');
  writeFileSync(config, '{}');
  const port = await freePort();
  const child = spawn(program, [
    `--config.file=${config}`,
    `--storage.tsdb.path=${data}`,
    `--query.lookback-delta=${lookback}s`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]);
  await isReady(child);
  const ask = async (path: string, parameters: Readonly<Record<string, string>>): Promise<Answer> => {
    const url = `http://127.0.0.1:${port}/api/v1/${path}`;
    const answer = await fetch(url, { method: 'POST', body: new URLSearchParams(parameters) });
    return (await answer.json()) as Answer;
  };
  return {
    query: (query, at) => ask('query', { query, time: String(at) }),
    queryRange: (query, from, to, step) =>
      ask('query_range', { query, start: String(from), end: String(to), step: String(step) }),
    stop: async () => {
      child.kill();
      await once(child, 'exit');
    },
  };
}
