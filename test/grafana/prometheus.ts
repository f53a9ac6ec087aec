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
  readonly url: string;
  readonly pid: number;
  readonly query: (expr: string, at: number) => Promise<QueryResponse>;
  /** The values of a label of the selected series. */
  readonly labelValues: (
    label: string,
    selector: string,
    from: number,
    to: number,
  ) => Promise<readonly string[]>;
  readonly queryRange: (expr: string, from: number, to: number, step: number) => Promise<QueryResponse>;
  readonly stop: () => Promise<void>;
}

async function isReady(child: ChildProcess): Promise<void> {
  if (child.stderr === null) throw new Error('no standard error');
  // Its output ends then.
  child.once('error', () => undefined);
  const log: string[] = [];
  for await (const line of createInterface(child.stderr)) {
    log.push(line);
    if (line.includes('ready to receive')) {
      child.stderr.resume();
      return;
    }
  }
  throw new Error(`${child.spawnfile} did not start: ${log.join('\n')}`);
}

/** `lookback` in seconds is a little more than a scrape interval, because the recording has no stale markers. */
export async function startPrometheus(
  program: string,
  folder: string,
  data: string,
  lookback: number,
  flags: readonly string[] = [],
  config = '{}',
): Promise<Prometheus> {
  const file = join(folder, 'prometheus.yml');
  writeFileSync(file, config);
  const port = await freePort();
  const child = spawn(program, [
    `--config.file=${file}`,
    `--storage.tsdb.path=${data}`,
    `--query.lookback-delta=${lookback}s`,
    `--web.listen-address=127.0.0.1:${port}`,
    ...flags,
  ]);
  await isReady(child);
  const base = `http://127.0.0.1:${port}`;
  const request = async (
    path: string,
    parameters: Readonly<Record<string, string>>,
  ): Promise<QueryResponse> => {
    const response = await fetch(`${base}/api/v1/${path}`, {
      method: 'POST',
      body: new URLSearchParams(parameters),
    });
    return (await response.json()) as QueryResponse;
  };
  return {
    url: base,
    pid: child.pid ?? 0,
    labelValues: async (label, selector, from, to) => {
      const parameters = new URLSearchParams({ 'match[]': selector, start: String(from), end: String(to) });
      const response = await fetch(`${base}/api/v1/label/${label}/values?${parameters}`);
      return ((await response.json()) as { readonly data: readonly string[] }).data;
    },
    query: (query, at) => request('query', { query, time: String(at) }),
    queryRange: (query, from, to, step) =>
      request('query_range', { query, start: String(from), end: String(to), step: String(step) }),
    stop: async () => {
      child.kill();
      await once(child, 'exit');
    },
  };
}
