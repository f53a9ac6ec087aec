/**
 * A real Prometheus that scrapes every few seconds.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../support/free-port.ts';

export interface Result {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** A scrape_config; see prometheus.io/docs/prometheus/latest/configuration. */
export interface Job {
  readonly job_name: string;
  readonly target: string;
  readonly [key: string]: unknown;
}

export interface Scraper {
  readonly query: (promql: string) => Promise<readonly Result[]>;
  /** Polls until the query has a result, because Prometheus sends no event after a scrape. */
  readonly until: (promql: string) => Promise<readonly Result[]>;
  /** What Prometheus logs about each scrape that fails. */
  readonly failures: readonly string[];
  readonly stop: () => Promise<void>;
}

/** Also the timeout of a scrape, which has to cover delays on a busy machine. */
const INTERVAL = '3s';
const POLL_MS = 100;

function scrapeConfig({ target, ...job }: Job) {
  return { honor_labels: true, ...job, static_configs: [{ targets: [target] }] };
}

export async function startScraper(...jobs: readonly Job[]): Promise<Scraper> {
  const folder = mkdtempSync(join(tmpdir(), 'satoken-scraper-'));
  // JSON is YAML.
  const config = { global: { scrape_interval: INTERVAL }, scrape_configs: jobs.map(scrapeConfig) };
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config));
  const port = await freePort();
  const child = spawn('prometheus', [
    `--config.file=${folder}/prometheus.yml`,
    `--storage.tsdb.path=${folder}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=debug',
  ]);
  const failures: string[] = [];
  await new Promise<void>((resolve, reject) => {
    const lines = createInterface(child.stderr).on('line', (line) => {
      if (line.includes('ready to receive')) resolve();
      if (line.includes('Scrape failed')) failures.push(line);
    });
    lines.once('close', () => reject(new Error('Prometheus ended before it was ready')));
  });
  const query: Scraper['query'] = async (promql) => {
    const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(promql)}`;
    const response = (await (await fetch(url)).json()) as { status: string; data: { result: Result[] } };
    assert.equal(response.status, 'success', promql);
    return response.data.result;
  };
  const until: Scraper['until'] = async (promql) => {
    for (;;) {
      const found = await query(promql);
      if (found.length > 0) return found;
      await delay(POLL_MS);
    }
  };
  const stop = async (): Promise<void> => {
    child.kill();
    await once(child, 'exit');
    rmSync(folder, { recursive: true });
  };
  return { query, until, failures, stop };
}
