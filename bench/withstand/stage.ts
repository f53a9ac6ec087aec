/**
 * What a scenario consists of, and what several need: a simulated API server, and the wait for a metric.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createApiServer } from '../../simulator/api-server.ts';
import { kubeconfigFor } from '../../simulator/kubeconfig.ts';
import type { Target } from '../../test/e2e/attacks/attacker.ts';
import type { BenchNode } from '../node.ts';

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

const USER = 'bench';
const SCRAPE_MS = 250;

/** Scrapes until the metrics match. */
export async function until(port: number, matches: (metrics: string) => boolean): Promise<void> {
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => undefined);
    if (response?.ok === true && matches(await response.text())) return;
    await delay(SCRAPE_MS);
  }
}

export async function withApiServer({ rootDir, world }: BenchNode) {
  const api = createApiServer({ cluster: world.cluster, users: new Map([[USER, USER]]) });
  const kubeconfig = join(rootDir, 'kubeconfig');
  writeFileSync(kubeconfig, kubeconfigFor({ url: await api.listen(), token: USER }));
  const options = [
    `--kubelet.root-dir=${rootDir}`,
    `--cluster.kubeconfig=${kubeconfig}`,
    '--node-name=node-1',
    '--cluster.token-review=off',
  ];
  return { api, options };
}
