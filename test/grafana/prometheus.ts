/**
 * A Prometheus of any version with recorded data. It scrapes nothing.
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

export interface QueryResponse {
  readonly status: 'success' | 'error';
  readonly error?: string;
  /** Set if the query succeeded, but is questionable. */
  readonly warnings?: readonly string[];
  readonly infos?: readonly string[];
  readonly data?: { readonly result: readonly Series[] };
}

export interface Prometheus {
  readonly query: (expr: string, at: number) => Promise<QueryResponse>;
  readonly queryRange: (expr: string, from: number, to: number, step: number) => Promise<QueryResponse>;
  readonly stop: () => Promise<void>;
}

async function isReady(child: ChildProcess): Promise<void> {
  if (child.stderr === null) throw new Error('no standard error');
  const log: string[] = [];
  for await (const line of createInterface(child.stderr)) {
    log.push(line);
    if (line.includes('ready to receive')) break;
  }
  if (child.exitCode !== null) throw new Error(log.join('\n'));
  child.stderr.resume();
}

/** `lookback` in seconds is a little more than a scrape interval, because the recording has no stale markers. */
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
  const request = async (
    path: string,
    parameters: Readonly<Record<string, string>>,
  ): Promise<QueryResponse> => {
    const url = `http://127.0.0.1:${port}/api/v1/${path}`;
    const response = await fetch(url, { method: 'POST', body: new URLSearchParams(parameters) });
    return (await response.json()) as QueryResponse;
  };
  return {
    query: (query, at) => request('query', { query, time: String(at) }),
    queryRange: (query, from, to, step) =>
      request('query_range', { query, start: String(from), end: String(to), step: String(step) }),
    stop: async () => {
      child.kill();
      await once(child, 'exit');
    },
  };
}
