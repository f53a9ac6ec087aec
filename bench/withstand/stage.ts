/**
 * What a scenario consists of, and what several need: a simulated API server, and the wait for a metric.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Target } from '../../test/e2e/attacks/attacker.ts';
import type { BenchNode } from '../node.ts';
import { serveApi } from '../simulated-api.ts';

export interface Stage {
  readonly options: readonly string[];
  /** Sent with every request that must be answered. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly attack: (target: Target) => Promise<void>;
  readonly close: () => unknown;
}

export interface Scenario {
  readonly it: string;
  readonly prepare: (node: BenchNode) => Promise<Stage>;
}

const SCRAPE_MS = 250;

/** Scrapes until the metrics match. */
export async function until(port: number, matches: (metrics: string) => boolean): Promise<void> {
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => undefined);
    if (response?.ok === true && matches(await response.text())) return;
    await delay(SCRAPE_MS);
  }
}

/** The simulated API server, and the options of an exporter that asks it for everything but reviews. */
export async function withApiServer(node: BenchNode) {
  const { api, options } = await serveApi(node);
  return {
    api,
    options: [`--kubelet.root-dir=${node.rootDir}`, ...options, '--cluster.token-review=off'],
  };
}
